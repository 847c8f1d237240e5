import { expect, test } from "vitest";
import type { Secret } from "../../api/secrets";
import { integrationsOf } from "./integrations";

const provider = (slug: string, ...names: string[]) => ({
  provider: slug,
  generators: [],
  secret_names: names,
  hosts: [],
});
const secret = (name: string) => ({ name }) as Secret;
const KNOWN = [
  provider("aws", "AWS_ID", "AWS_KEY"),
  provider("llama-cpp"),
  provider("openai", "OPENAI_API_KEY"),
];

test("a provider without a usual secret has no integration", () => {
  expect(integrationsOf(KNOWN, [], "").map((one) => one.provider.provider)).toEqual(["aws", "openai"]);
});

test("those with a secret are first, with what they have and what they lack", () => {
  const [first, second] = integrationsOf(KNOWN, [secret("OPENAI_API_KEY"), secret("ELSE")], "");
  expect(first?.provider.provider).toBe("openai");
  expect(first?.missing).toEqual([]);
  expect(second?.missing).toEqual(["AWS_ID", "AWS_KEY"]);
});

test("a provider is found by its secret's name too", () => {
  expect(integrationsOf(KNOWN, [], "aws_k").map((one) => one.provider.provider)).toEqual(["aws"]);
});
