import { describe, expect, it } from "vitest";
import { Float, printJson } from "../../api/json";
import { NOTHING_SET, parameterForm, parametersOf, placedFaults, settingsOf } from "./parameters";

const modelOf = (generation_kwargs: Record<string, unknown>, defaults?: Record<string, unknown>) => ({
  generation_kwargs,
  chat_generator_config: { type: "X", init_parameters: defaults ? { generation_kwargs: defaults } : {} },
});
const fieldsOf = (form: ReturnType<typeof parameterForm>) => Object.keys(form.schema?.properties ?? {});

describe("a model's form", () => {
  const schema = {
    title: "Parameters",
    type: "object",
    properties: {
      temperature: { type: "number", default: 1, maximum: 2 },
      logprobs: { type: "boolean" },
      n: { type: "integer" },
    },
    required: ["temperature"],
  };

  it("has the fields of its schema by their names, and asks for none of them", () => {
    const form = parameterForm(modelOf(schema));
    expect(fieldsOf(form)).toEqual(["temperature", "logprobs"]);
    expect(form.schema?.properties?.temperature).toEqual({
      type: "number",
      maximum: 2,
      title: "temperature",
    });
    expect(form.schema).not.toHaveProperty("required");
    expect(form.schema).not.toHaveProperty("title");
    expect(form.takesMore).toBe(true);
  });

  it("shows a default and never fills it in: the definition's before the schema's", () => {
    expect(parameterForm(modelOf(schema)).uiSchema.temperature).toMatchObject({ "ui:placeholder": "1" });
    expect(parameterForm(modelOf(schema, { temperature: 0.2 })).uiSchema.temperature).toMatchObject({
      "ui:placeholder": "0.2",
    });
  });

  it("shows a default as it is written", () => {
    const form = parameterForm(modelOf(schema, { temperature: new Float(1) }));
    expect(form.uiSchema.temperature).toMatchObject({ "ui:placeholder": "1.0" });
  });

  it("lets a yes or no be taken back", () => {
    expect(parameterForm(modelOf(schema)).uiSchema.logprobs).toMatchObject({ "ui:widget": "select" });
  });

  it.each([[{}], [{ type: "object" }], [{ properties: {} }]])("asks for the usual ones with %j", (empty) => {
    expect(fieldsOf(parameterForm(modelOf(empty)))).toEqual(["temperature", "top_p", "max_tokens", "seed"]);
  });

  it("has the fields of a bare map of names to schemas", () => {
    expect(fieldsOf(parameterForm(modelOf({ top_k: { type: "integer" }, "x-note": "ours" })))).toEqual([
      "top_k",
    ]);
  });

  it("asks for the usual ones of a model that cannot be seen", () => {
    expect(parameterForm(null).takesMore).toBe(true);
  });

  it("asks for nothing where nothing may be set", () => {
    const form = parameterForm(modelOf({ additionalProperties: false }));
    expect([form.schema, form.takesMore]).toEqual([null, false]);
  });

  it("takes no others of a schema that is closed", () => {
    expect(parameterForm(modelOf({ ...schema, additionalProperties: false })).takesMore).toBe(false);
  });
});

describe("what a call sends", () => {
  it("is what was set, and no more", () => {
    const values = { temperature: 0, seed: undefined, stop: [], user: "", logprobs: false };
    expect(parametersOf({ values, more: "" })).toEqual({ values: { temperature: 0, logprobs: false } });
  });

  it("has the JSON's parameters beside the form's", () => {
    const settings = { values: { temperature: 0 }, more: '{"stop": ["END"]}' };
    expect(parametersOf(settings)).toEqual({ values: { temperature: 0, stop: ["END"] } });
  });

  it("has the JSON's numbers as they are written", () => {
    const settings = { values: { temperature: new Float(0) }, more: '{"top_p": 1.0, "seed": 1}' };
    expect(printJson(parametersOf(settings), 0)).toBe('{"values":{"temperature":0.0,"top_p":1.0,"seed":1}}');
  });

  it.each([
    ["[1]", "no JSON object"],
    ["1.0", "no JSON object"],
    ['{"seed": 9007199254740993}', "too large"],
    ["{", "no JSON object"],
    ['{"stream": false}', "sets stream itself"],
    ['{"temperature": 1}', "temperature is set above"],
  ])("is refused with %s", (more, words) => {
    expect(parametersOf({ values: { temperature: 0 }, more })).toEqual({
      fault: expect.stringContaining(words),
    });
  });
});

describe("faults of a refused call", () => {
  it("stand at each of their fields, where one message tells of all", () => {
    const see = (name: string) => `See #/generation_kwargs/properties/${name}/maximum of the model.`;
    const reasons = ["temperature: Give at most 2.", "stop: Give a list.", "top_p: Give at most 1."];
    const all = reasons.map((reason) => `${reason} ${see(reason.split(":")[0] ?? "")}`).join(" ");
    const message = `The model does not take these parameters. ${all}`;
    const first = { pointer: "#/temperature", code: "refused_parameter", message };
    expect(placedFaults([first], parameterForm(modelOf({})))).toEqual({
      errors: { temperature: { __errors: ["Give at most 2."] }, top_p: { __errors: ["Give at most 1."] } },
      elsewhere: [],
    });
  });

  it("stand at their fields, and else apart", () => {
    const form = parameterForm(modelOf({}));
    const high = { pointer: "#/temperature", code: "maximum", message: "At most 2." };
    const other = { pointer: "#/stop", code: "type", message: "A list." };
    expect(placedFaults([high, other], form)).toEqual({
      errors: { temperature: { __errors: ["At most 2."] } },
      elsewhere: [other],
    });
  });
});

describe("names that every object has", () => {
  const names = ["constructor", "toString", "__proto__"];

  it.each(names)("sets nothing for a model called %s until somebody does", (name) => {
    expect(settingsOf({}, name)).toBe(NOTHING_SET);
    const set = { values: { seed: 1 }, more: "" };
    expect(settingsOf({ ...{}, [name]: set }, name)).toBe(set);
  });

  it.each(names)("asks for a parameter called %s", (name) => {
    const form = parameterForm(modelOf({ type: "object", properties: { [name]: { type: "number" } } }));
    expect(fieldsOf(form)).toEqual([name]);
    expect(Object.keys(form.uiSchema)).toEqual([name]);
    expect(Object.entries(form.uiSchema)[0]?.[1]).not.toHaveProperty("ui:placeholder");
  });

  it.each(names)("keeps the fault of a parameter called %s where no field is there for it", (name) => {
    const fault = { pointer: `#/${name}`, code: "x", message: "No." };
    expect(placedFaults([fault], parameterForm(modelOf({}))).elsewhere).toEqual([fault]);
  });
});
