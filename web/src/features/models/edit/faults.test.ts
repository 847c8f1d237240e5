import { describe, expect, it } from "vitest";
import { place, standing } from "./faults";

const definition = {
  name: "gpt",
  provider: "openai",
  chat_generator_config: {
    type: "OpenAIChatGenerator",
    init_parameters: { timeout: "x", generation_kwargs: { n: 1, temperature: 9 } },
  },
  generation_kwargs: { type: "object", properties: { stop: {}, temperature: { minimum: "0" } } },
};
const at = (pointer: string, message = "Wrong.") => ({ pointer, code: "x", message });
const placed = (...faults: ReturnType<typeof at>[]) =>
  place(faults, definition, ["timeout", "generation_kwargs"]);

describe("place", () => {
  it("puts faults beside the fields they are about", () => {
    const found = placed(
      at("#/name"),
      at("#/provider"),
      at("#/chat_generator_config/type"),
      at("#/chat_generator_config/init_parameters/timeout", "One."),
      at("#/chat_generator_config/init_parameters/timeout/0", "Two."),
      at("#/generation_kwargs/properties/temperature/minimum"),
      at("#/generation_kwargs"),
    );
    expect(found).toMatchObject({
      name: ["Wrong."],
      provider: ["Wrong."],
      type: ["Wrong."],
      schema: ["Wrong."],
    });
    expect(found.parameters).toEqual({ timeout: ["One.", "Two."] });
    expect(found.rows).toEqual({ temperature: ["Wrong."] });
    expect(found.others).toEqual([]);
  });

  it("asks for a generator where none was chosen", () => {
    const blank = { ...definition, chat_generator_config: { type: "", init_parameters: {} } };
    const { type } = place([at("#/chat_generator_config/type", "See GET /api/v2/generators.")], blank, []);
    expect(type).toEqual(["Choose a generator."]);
  });

  it.each(["constructor", "__proto__"])(
    "finds faults of a parameter called %s, and none without one",
    (name) => {
      expect(placed().rows[name]).toBeUndefined();
      expect(placed(at(`#/generation_kwargs/properties/${name}/type`)).rows[name]).toEqual(["Wrong."]);
    },
  );

  it("keeps those without a field, with their pointers", () => {
    const faults = [
      at("#"),
      at("#/chat_generator_config"),
      at("#/chat_generator_config/init_parameters"),
      at("#/chat_generator_config/init_parameters/hidden"),
    ];
    expect(placed(...faults).others).toEqual(faults);
  });

  it("finds the parameter that the server only counted", () => {
    const where = "Where, counted from 1:";
    const found = placed(
      at("#/generation_kwargs/properties", `It must be a number. ${where} properties[2].minimum.`),
      at("#/generation_kwargs/properties", `It must be a schema. ${where} properties[1].`),
      at("#/generation_kwargs", `It must be a list. ${where} properties[9].enum.`),
    );
    expect(found.rows).toEqual({
      temperature: ["It must be a number. (minimum)"],
      stop: ["It must be a schema."],
    });
    expect(found.schema).toHaveLength(1);
  });

  it("names the default that the server only counted", () => {
    const found = placed(
      at(
        "#/chat_generator_config/init_parameters/generation_kwargs",
        "Value 2 of these defaults does not fit.",
      ),
    );
    expect(found.parameters.generation_kwargs).toEqual(["temperature does not fit."]);
  });
});

describe("standing", () => {
  const faults = [at("#/name"), at("#/generation_kwargs/properties"), at("#/generation_kwargs"), at("#")];

  it("drops a fault when what it is about is changed, above or below", () => {
    const left = standing(faults, ["#/generation_kwargs/properties/top_p"]);
    expect(left.map(({ pointer }) => pointer)).toEqual(["#/name", "#"]);
    expect(standing(faults, ["#/generation_kwargs"]).map(({ pointer }) => pointer)).toEqual(["#/name", "#"]);
  });

  it("does not take a longer name for a part of it", () => {
    expect(standing([at("#/name")], ["#/names"])).toHaveLength(1);
  });
});
