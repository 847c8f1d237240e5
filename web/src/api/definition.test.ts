import { describe, expect, it } from "vitest";
import { generatorName, initParameters, secretNames } from "./definition";

describe("generatorName", () => {
  it("is the class, and never fails on a definition that has none", () => {
    expect(generatorName({ type: "haystack.components.generators.chat.openai.OpenAIChatGenerator" })).toBe(
      "OpenAIChatGenerator",
    );
    expect(generatorName({})).toBe("");
    expect(generatorName({ type: 3 })).toBe("");
  });
});

describe("initParameters", () => {
  it("are none when they are left out", () => {
    expect(initParameters({ init_parameters: { model: "m" } })).toEqual({ model: "m" });
    expect(initParameters({})).toEqual({});
  });
});

describe("secretNames", () => {
  it("tells a secret from any other object", () => {
    expect(secretNames({ type: "env_var", env_vars: ["A", "B"], strict: true })).toEqual(["A", "B"]);
    expect(secretNames({ type: "token", env_vars: ["A"] })).toBeNull();
    expect(secretNames("A")).toBeNull();
    expect(secretNames(null)).toBeNull();
  });
});
