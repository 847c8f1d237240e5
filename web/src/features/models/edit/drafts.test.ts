import { beforeEach, expect, it } from "vitest";
import { Float } from "../../../api/json";
import { type Draft, drafts } from "./drafts";

class Shelf implements Storage {
  private kept = new Map<string, string>();
  get length() {
    return this.kept.size;
  }
  clear = () => this.kept.clear();
  key = (index: number) => [...this.kept.keys()][index] ?? null;
  getItem = (key: string) => this.kept.get(key) ?? null;
  setItem = (key: string, value: string) => void this.kept.set(key, value);
  removeItem = (key: string) => void this.kept.delete(key);
}

const draft: Draft = {
  definition: {
    name: "gpt",
    provider: "openai",
    chat_generator_config: {
      type: "X",
      init_parameters: {
        api_key: { type: "env_var", env_vars: ["OPENAI_API_KEY"], strict: true },
        generation_kwargs: { max_tokens: 5, temperature: new Float(1), stop: [new Float(-0)] },
      },
    },
    generation_kwargs: {},
  },
  base: null,
  unfinished: { view: "yaml", text: "name: [" },
};

let shelf: Shelf;
beforeEach(() => {
  shelf = new Shelf();
});

it("gives back what was kept for that person and address alone, until it is dropped", () => {
  drafts.keep("ada", "/a", draft, shelf);
  expect(drafts.read("ada", "/a", shelf)).toEqual(draft);
  expect(drafts.read("bob", "/a", shelf)).toBeNull();
  expect(drafts.read("ada", "/b", shelf)).toBeNull();
  drafts.drop("ada", "/a", shelf);
  expect(drafts.read("ada", "/a", shelf)).toBeNull();
});

it("keeps no value of a secret, wherever it was pasted", () => {
  const config = {
    type: "X",
    init_parameters: {
      api_key: { type: "token", token: "very-secret-1" },
      azure_ad_token: "very-secret-2",
      model: "sk-verysecret3",
      headers: { Authorization: "very-secret-4" },
      token: { type: "env_var", env_vars: ["very-secret-6", "hf_verysecret7", "HF_TOKEN"] },
    },
  };
  const unfinished = { view: "json" as const, text: '{"api_key": {"token": "very-secret-5"' };
  const definition = {
    ...draft.definition,
    chat_generator_config: config,
    generation_kwargs: { x: "sk-verysecret8" },
  };
  drafts.keep("ada", "/a", { ...draft, unfinished, definition }, shelf);
  expect(shelf.getItem(shelf.key(0) ?? "")).not.toMatch(/very-?secret/);
  expect(shelf.getItem(shelf.key(0) ?? "")).toContain("HF_TOKEN");
});

const kept = (text: string) => {
  drafts.keep("ada", "/a", { ...draft, unfinished: { view: "yaml", text } }, shelf);
  return drafts.read("ada", "/a", shelf)?.unfinished !== null;
};

it.each(['{"api_key": "1secret', "api_key: secret", "  'X-Api-Key': secret", "azure_ad_token: |secret"])(
  "keeps no unfinished text with %j",
  (text) => expect(kept(text)).toBe(false),
);

it.each([
  '{"api_key": {"type": "env_var",',
  "api_key:\n  type: env_var",
  "max_tokens: 5",
  '"token": null',
  '"key": ""',
])("keeps unfinished text with %j", (text) => expect(kept(text)).toBe(true));

it("makes nothing of what is no draft", () => {
  shelf.setItem("draft ada /a", "{");
  expect(drafts.read("ada", "/a", shelf)).toBeNull();
  shelf.setItem("draft ada /a", '{"definition": {}}');
  expect(drafts.read("ada", "/a", shelf)).toBeNull();
});
