import { numberWritten, parseJson, printJson } from "../../../api/json";

/** How the cells of the parameters' table are written: numbers, defaults by type, allowed values with commas. */

/** A default by the parameter's type: texts as they are, everything else as JSON. */
export function parseDefault(text: string, type: string): unknown {
  if (type === "string") return text;
  if (type === "number" || type === "integer") return numberWritten(text);
  try {
    return parseJson(text);
  } catch (error) {
    if (error instanceof RangeError) throw error;
    if (type === "") return text;
    throw new Error(EXAMPLES[type] ?? "Write JSON.");
  }
}

const EXAMPLES: Record<string, string> = {
  boolean: "Write true or false.",
  array: 'Write a list, such as ["END"].',
  object: 'Write an object, such as {"type": "text"}.',
};

export function printDefault(value: unknown, type: string): string {
  const isPlain = typeof value === "string" && (type === "string" || (type === "" && !isJson(value)));
  return isPlain ? value : printJson(value, 0);
}

/** Allowed values, separated by commas. Of a string's, each is a text; of others, what is JSON is that. */
export function parseChoices(text: string, type: string): unknown[] {
  const words = text.split(",").map((word) => word.trim());
  const values = words
    .filter(Boolean)
    .map((word) => (type !== "string" && isJson(word) ? parseJson(word) : word));
  if (values.length === 0) throw new Error("Write at least one value.");
  return values;
}

export function printChoices(choices: unknown): string {
  return (choices as unknown[]).map((one) => (typeof one === "string" ? one : printJson(one, 0))).join(", ");
}

/** Whether a list of allowed values reads back as it is: a text with a comma, or one that looks like a number, does not. */
export function areWritable(choices: unknown[], type: string): boolean {
  try {
    return printJson(parseChoices(printChoices(choices), type)) === printJson(choices);
  } catch {
    return false;
  }
}

function isJson(text: string): boolean {
  try {
    parseJson(text);
    return true;
  } catch (error) {
    return error instanceof RangeError; // a number, though one that is too large
  }
}
