import type { Schema } from "./parameters";

/** What callers usually set, by OpenAI's names and with ranges that providers take. */
export const USUAL_PARAMETERS: Record<string, Schema> = {
  temperature: {
    type: "number",
    minimum: 0,
    maximum: 2,
    description: "How freely words are chosen; 0 is the most likely.",
  },
  top_p: {
    type: "number",
    minimum: 0,
    maximum: 1,
    description: "Choose among the likeliest words up to this share.",
  },
  max_tokens: { type: "integer", minimum: 1, description: "The most tokens of an answer." },
  max_completion_tokens: {
    type: "integer",
    minimum: 1,
    description: "The most tokens of an answer, reasoning included.",
  },
  stop: { type: "array", items: { type: "string" }, maxItems: 4, description: "Texts that end an answer." },
  seed: { type: "integer", description: "The same seed asks for the same answer." },
  frequency_penalty: {
    type: "number",
    minimum: -2,
    maximum: 2,
    description: "Above 0: fewer repeated words.",
  },
  presence_penalty: { type: "number", minimum: -2, maximum: 2, description: "Above 0: more new subjects." },
  n: { type: "integer", minimum: 1, maximum: 8, description: "How many answers." },
  reasoning_effort: {
    type: "string",
    enum: ["minimal", "low", "medium", "high"],
    description: "How much to think first.",
  },
  response_format: { type: "object", description: "The shape of an answer, such as a JSON schema." },
  user: { type: "string", description: "Whom the call is made for." },
};
