import { Float } from "./json";

const MOST_ON_A_LINE = 72;

/** A JSON value as Python writes it, short ones on one line; `indent` is how far the line it begins on is indented. */
export function pythonOf(value: unknown, indent = 0): string {
  const line = onOneLine(value);
  if (line.length <= MOST_ON_A_LINE || typeof value !== "object" || value === null) return line;
  const inner = " ".repeat(indent + 4);
  const end = `\n${" ".repeat(indent)}`;
  if (Array.isArray(value)) {
    return `[\n${value.map((item) => `${inner}${pythonOf(item, indent + 4)},`).join("\n")}${end}]`;
  }
  const entries = Object.entries(value).map(
    ([key, item]) => `${inner}${pythonString(key)}: ${pythonOf(item, indent + 4)},`,
  );
  return `{\n${entries.join("\n")}${end}}`;
}

/** A text as a literal: JSON's escapes are Python's. */
export function pythonString(text: string): string {
  return JSON.stringify(text);
}

function onOneLine(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "string") return pythonString(value);
  if (typeof value !== "object" || value instanceof Float) return String(value);
  if (Array.isArray(value)) return `[${value.map(onOneLine).join(", ")}]`;
  const entries = Object.entries(value).map(([key, item]) => `${pythonString(key)}: ${onOneLine(item)}`);
  return `{${entries.join(", ")}}`;
}
