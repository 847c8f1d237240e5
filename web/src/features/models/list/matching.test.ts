import { describe, expect, it } from "vitest";
import type { Model } from "../../../api/client";
import { matching } from "./matching";

const model = (name: string, some: Partial<Model> = {}): Model => ({
  model_id: name,
  name,
  provider: "openai",
  connected: true,
  origin: "WORKSPACE",
  chat_generator_config: {},
  generation_kwargs: {},
  updated_at: "2026-01-01T00:00:00Z",
  ...some,
});
const names = (models: Model[]) => models.map(({ name }) => name);

describe("matching", () => {
  it("finds a part of a name, whatever its case and the form of its accents", () => {
    const models = [model("Café GPT"), model("cafe"), model("gpt-4")];
    expect(names(matching(models, { q: "CAFE\u0301" }))).toEqual(["Café GPT"]);
    expect(names(matching(models, { q: "gpt" }))).toEqual(["Café GPT", "gpt-4"]);
  });

  it("holds every filter at once", () => {
    const models = [
      model("a", { provider: "cohere" }),
      model("b", { connected: null }),
      model("c", { origin: "PLATFORM" }),
      model("d"),
    ];
    const filters = { provider: "openai", origin: "WORKSPACE", connected: true } as const;
    expect(names(matching(models, filters))).toEqual(["d"]);
  });

  it("sorts by the field and its direction, then by name", () => {
    const models = [
      model("b", { updated_at: "2026-02-01T00:00:00Z" }),
      model("C"),
      model("a"),
      model("d", { updated_at: null }),
    ];
    expect(names(matching(models, {}))).toEqual(["a", "b", "C", "d"]);
    expect(names(matching(models, { sort: "-name" }))).toEqual(["d", "C", "b", "a"]);
    expect(names(matching(models, { sort: "-updated_at" }))).toEqual(["b", "a", "C", "d"]);
  });
});
