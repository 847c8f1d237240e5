import { readdirSync, readFileSync } from "node:fs";
import type { RJSFSchema } from "@rjsf/utils";
import { describe, expect, it } from "vitest";
import { formOf, isSecret, secretDefault, takesText, wordsOf } from "./generator-form";

const FOLDER = new URL("../../../../../src/haymow/generators/schemas/", import.meta.url);
const schemas = readdirSync(FOLDER)
  .filter((file) => file !== "index.json")
  .map((file) => JSON.parse(readFileSync(new URL(file, FOLDER), "utf8")))
  .map(({ name, schema }): [string, RJSFSchema] => [name, schema]);
const schemaOf = (name: string) => (schemas.find(([one]) => one === name)?.[1] ?? {}) as RJSFSchema;
const fields = (part: RJSFSchema) => Object.keys(part.properties ?? {});

describe.each(schemas)("the form of %s", (_, schema) => {
  const form = formOf(schema, []);

  it("has every parameter once", () => {
    const all = [...fields(form.first), ...fields(form.more)];
    expect(all.sort()).toEqual(Object.keys(schema.properties ?? {}).sort());
    expect([...all].sort()).toEqual([...form.names].sort());
  });

  it("asks first for what is required", () => {
    expect(fields(form.first)).toEqual(expect.arrayContaining(schema.required ?? []));
  });

  it("fills nothing in", () => {
    expect(JSON.stringify([form.first, form.more])).not.toContain('"default":');
  });

  it("gives rjsf plain types alone, everything else has a field of its own", () => {
    for (const part of [form.first, form.more]) {
      for (const [name, field] of Object.entries(part.properties ?? {}) as [string, RJSFSchema][]) {
        if (form.uiSchema[name]["ui:options"].field) continue;
        const types = [field.type ?? typeof field.enum?.[0]].flat().filter((type) => type !== "null");
        expect(types, name).toHaveLength(1);
        expect(["string", "number", "integer", "boolean"], name).toContain(types[0]);
        expect(field.anyOf, name).toBeUndefined();
      }
    }
  });
});

it("leaves refused parameters out, unless the definition has them", () => {
  const schema = {
    properties: { model: { type: "string" }, tools: { type: "array", "x-haymow-refused": "Code." } },
  };
  expect(formOf(schema as RJSFSchema, []).names).toEqual(["model"]);
  const form = formOf(schema as RJSFSchema, ["tools"]);
  expect(fields(form.first)).toContain("tools");
  expect(form.uiSchema.tools["ui:options"].description).toContain("Code.");
});

it("shows what a definition sets among what is asked first", () => {
  const schema = schemaOf("OpenAIChatGenerator");
  expect(fields(formOf(schema, []).more)).toContain("organization");
  expect(fields(formOf(schema, ["organization"]).first)).toContain("organization");
});

it("knows secrets, and those that may be a plain text as well", () => {
  const openai = (schemaOf("OpenAIChatGenerator").properties ?? {}) as Record<string, RJSFSchema>;
  const bedrock = (schemaOf("AmazonBedrockChatGenerator").properties ?? {}) as Record<string, RJSFSchema>;
  expect([openai.api_key, openai.model].map(isSecret)).toEqual([true, false]);
  expect(secretDefault(openai.api_key ?? {})).toEqual({ env_vars: ["OPENAI_API_KEY"], strict: true });
  expect(secretDefault(bedrock.aws_access_key_id ?? {})?.strict).toBe(false);
  expect(takesText(bedrock.aws_region_name ?? {})).toBe(true);
  expect(takesText(bedrock.aws_access_key_id ?? {})).toBe(false);
});

describe("wordsOf", () => {
  it("says the first sentence, without links", () => {
    const words = wordsOf("The key of [OpenAI](https://x.test/a(b)).\nMore of it.\n\n- a list");
    expect(words.brief).toBe("The key of OpenAI.");
    expect(words.whole).toContain("a list");
  });

  it("has no whole where the first sentence is all", () => {
    expect(wordsOf("The name of the model to use.")).toEqual({
      brief: "The name of the model to use.",
      whole: null,
    });
  });

  it("cuts a long sentence at a word", () => {
    const { brief } = wordsOf("word ".repeat(60));
    expect(brief.length).toBeLessThanOrEqual(163);
    expect(brief).toMatch(/word …$/);
  });
});
