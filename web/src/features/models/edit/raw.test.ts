import { describe, expect, it } from "vitest";
import { Float, parseJson, printJson } from "../../../api/json";
import { parseDefinition } from "./raw";
import { parseYaml, printYaml } from "./raw-yaml";

const current = {
  name: "gpt",
  provider: "openai",
  chat_generator_config: { type: "OpenAIChatGenerator", init_parameters: { model: "gpt-5" } },
  generation_kwargs: { type: "object", properties: { temperature: { type: "number", maximum: 2 } } },
};

describe("parseDefinition", () => {
  it("reads back what was printed, as JSON and as YAML", () => {
    const odd = {
      ...current,
      chat_generator_config: {
        init_parameters: {
          text: "no",
          number: "1_000",
          empty: "",
          multi: "a\nb\n",
          date: "2026-01-01",
          list: [null, 0.5],
        },
        type: "x",
        "x-unknown": { deep: [[{ a: true }]] },
      },
    };
    expect(parseDefinition(printJson(odd), parseJson, current)).toEqual({ definition: odd });
    expect(parseDefinition(printYaml(odd), parseYaml, current)).toEqual({ definition: odd });
  });

  it.each([
    ["JSON", parseJson, printJson],
    ["YAML", parseYaml, printYaml],
  ])("keeps integers and floats apart in %s", (_, parse, print) => {
    const numbers = [30, new Float(30), new Float(-0), 0.5, new Float(1e16), 1e21, -7, 1e-7];
    const odd = { ...current, generation_kwargs: { numbers, "1.0": "1.0", x: { y: new Float(1) } } };
    expect(parseDefinition(print(odd), parse, current)).toEqual({ definition: odd });
  });

  it("takes what is typed with a point or an exponent for a float, and nothing else", () => {
    const yaml = "generation_kwargs: {a: 1.0, b: 1, c: 1e3, d: '1.0', e: &e 2.00, f: *e, 3.0: 0x1E, g: -0.0}";
    const json =
      '{"generation_kwargs": {"a": 1.0, "b": 1, "c": 1e3, "d": "1.0", "e": 2.00, "f": 2.0, "3": 30, "g": -0.0}}';
    const expected = {
      a: new Float(1),
      b: 1,
      c: new Float(1000),
      d: "1.0",
      e: new Float(2),
      f: new Float(2),
      "3": 30,
      g: new Float(-0),
    };
    const alone = { definition: expect.objectContaining({ generation_kwargs: expected }) };
    expect(parseDefinition(json, parseJson, current)).toEqual(alone);
    expect(parseDefinition(yaml, parseYaml, current)).toEqual(alone);
  });

  it("writes YAML's floats with a point, without which a pipeline reads those with an exponent as texts", () => {
    const floats = [new Float(30), new Float(-0), 1e-7, -2e21, 1.5e300, 0.5];
    expect(printYaml(floats)).toBe(
      ["30.0", "-0.0", "1.0e-7", "-2.0e+21", "1.5e+300", "0.5"].map((one) => `- ${one}\n`).join(""),
    );
  });

  it.each([
    "0o17",
    "-0o7",
    "<<",
    " \n",
    "a \n",
    "\t\n\tb",
    "\u2028",
    "\u0085",
    "\u007f",
    "1:20",
    "=",
    "~",
    "on",
  ])("reads the text %j back from YAML as that text, wherever it stands", (text) => {
    const odd = { ...current, chat_generator_config: { type: "X", [text]: [text, { [text]: text }] } };
    expect(parseDefinition(printYaml(odd), parseYaml, current)).toEqual({ definition: odd });
  });

  it("takes a model as it was read, without what haymow decides", () => {
    const read = { ...current, model_id: "1", connected: true, origin: "WORKSPACE", created_by: null };
    expect(parseDefinition(printJson(read), parseJson, current)).toEqual({ definition: current });
  });

  it("refuses fields that no model has, rather than dropping them", () => {
    const parsed = parseDefinition('{"name": "a", "nmae": "b"}', parseJson, current);
    expect(parsed).toMatchObject({ fault: { message: expect.stringContaining("nmae") } });
  });

  it("takes a pasted component of a pipeline for the configuration", () => {
    const yaml = "type: haystack.X\ninit_parameters:\n  model: m\n";
    const expected = {
      ...current,
      chat_generator_config: { type: "haystack.X", init_parameters: { model: "m" } },
    };
    expect(parseDefinition(yaml, parseYaml, current)).toEqual({ definition: expected });
    const named = "llm:\n  type: haystack.X\n  init_parameters:\n    model: m\n";
    expect(parseDefinition(named, parseYaml, current)).toEqual({ definition: expected });
  });

  it("takes a definition with nothing but a configuration as one", () => {
    const text = '{"chat_generator_config": {"type": "X", "init_parameters": {}}}';
    expect(parseDefinition(text, parseJson, current)).toMatchObject({
      definition: { chat_generator_config: { type: "X" } },
    });
  });

  it("does not take a schema that only has a type for a component", () => {
    const text = '{"generation_kwargs": {"type": "object"}}';
    const alone = { ...current, generation_kwargs: { type: "object" } };
    expect(parseDefinition(text, parseJson, current)).toEqual({
      definition: { ...alone, name: "", provider: "", chat_generator_config: {} },
    });
  });

  it("says on which line a text breaks", () => {
    const json = parseDefinition('{\n  "name": "a",\n  oops\n}', parseJson, current);
    expect(json).toMatchObject({ fault: { line: 3 } });
    const yaml = parseDefinition("name: a\nprovider: [b\nx: 1\n", parseYaml, current);
    expect(yaml).toMatchObject({ fault: { line: expect.any(Number) } });
    expect("fault" in yaml && yaml.fault.line).toBeGreaterThan(1);
  });

  it.each([
    ["[]", "object"],
    ['{"name": 5}', "name"],
    ['{"provider": null}', "provider"],
    ['{"chat_generator_config": []}', "chat_generator_config"],
    ['{"generation_kwargs": "x"}', "generation_kwargs"],
  ])("says what is wrong with %s", (text, word) => {
    expect(parseDefinition(text, parseJson, current)).toMatchObject({
      fault: { message: expect.stringContaining(word) },
    });
  });

  it("refuses numbers that it could not keep", () => {
    const big = '{"generation_kwargs": {"seed": 9007199254740993}}';
    expect(parseDefinition(big, parseJson, current)).toMatchObject({
      fault: { message: expect.any(String) },
    });
    const infinite = parseDefinition("generation_kwargs: {a: .inf}", parseYaml, current);
    expect(infinite).toMatchObject({ fault: { message: expect.stringContaining("Infinity") } });
  });

  it("does not let aliases multiply", () => {
    const bomb = `a: &a [1,1,1,1,1,1,1,1,1]\n${"bcdefghi"
      .split("")
      .map((key, i) => `${key}: &${key} [${Array(9).fill(`*${"abcdefgh"[i]}`).join(",")}]`)
      .join("\n")}\n`;
    expect(parseDefinition(bomb, parseYaml, current)).toMatchObject({
      fault: { message: expect.any(String) },
    });
  });
});
