/**
 * JSON with floats: haymow keeps 1 and 1.0 apart, as Python does, and JavaScript does not. A float that JavaScript
 * would write as an integer is a `Float` here, and every other number what it is. Browsers can do it too
 * (`context.source` and `JSON.rawJSON`), but Firefox before 135 and Safari before 18.4 cannot.
 */

/** A float without a fraction, such as 30.0 or -0.0. */
export class Float {
  constructor(readonly value: number) {}

  equals(other: unknown): boolean {
    return other instanceof Float && Object.is(other.value, this.value);
  }

  toString(): string {
    return `${Object.is(this.value, -0) ? "-0" : this.value}.0`;
  }

  /** For `JSON.stringify`, which can only write the integer. */
  toJSON(): number {
    return this.value;
  }
}

export type JsonNumber = number | Float;

/** Whether two values that are neither objects nor arrays are the same one. */
export function isSameScalar(one: unknown, other: unknown): boolean {
  return one === other || (one instanceof Float && one.equals(other));
}

export function isNumber(value: unknown): value is JsonNumber {
  return typeof value === "number" || value instanceof Float;
}

/**
 * The number that a text writes, with a point or an exponent as a float; NaN for none. Throws a RangeError for one that
 * would come out as another: an integer beyond those that haymow takes, a float beyond a double.
 */
export function numberOf(text: string): JsonNumber {
  const value = Number(text);
  const isFloat = FLOAT.test(text);
  if (isFloat ? !Number.isFinite(value) : INTEGER.test(text) && !Number.isSafeInteger(value))
    throw new RangeError(`The number ${text} is too large to be kept as it is.`);
  return isFloat && INTEGER.test(JSON.stringify(value)) ? new Float(value) : value;
}

/** The number that a person wrote; throws an Error that says what to write. */
export function numberWritten(text: string): JsonNumber {
  const value = numberOf(text.trim());
  if (!Number.isFinite(Number(value))) throw new Error("Write a number, such as 20 or 0.5.");
  return value;
}

const FLOAT = /^[-+]?(?:\d+\.\d*|\.\d+|\d+(?=e))(?:e[-+]?\d+)?$/i;
const INTEGER = /^[-+]?\d+$/;

/**
 * The value that a JSON text holds; throws the browser's SyntaxError for any other text, and a RangeError where a number
 * in it is too large.
 */
export function parseJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  // In what JSON is, commas and colons say nothing more.
  const tokens = text.match(TOKENS) ?? [];
  return tokens.some(needsCare) ? readNext(tokens.values()) : value;
}

const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"|[[\]{}]|[^\s,:[\]{}"]+/g;

/** Whether JavaScript's reader may make something else of it. */
function needsCare(token: string): boolean {
  return FLOAT.test(token) || LONG_INTEGER.test(token);
}

const LONG_INTEGER = /^-?\d{16,}$/;

type Tokens = Iterator<string, undefined>;

function readNext(tokens: Tokens): unknown {
  return readFrom(tokens.next().value ?? "", tokens);
}

function readFrom(token: string, tokens: Tokens): unknown {
  if (token === "{") return readObject(tokens);
  if (token === "[") return readArray(tokens);
  return needsCare(token) ? numberOf(token) : JSON.parse(token);
}

function readObject(tokens: Tokens): Record<string, unknown> {
  const members: [string, unknown][] = [];
  for (const key of until("}", tokens)) members.push([JSON.parse(key), readNext(tokens)]);
  return Object.fromEntries(members);
}

function readArray(tokens: Tokens): unknown[] {
  const items: unknown[] = [];
  for (const token of until("]", tokens)) items.push(readFrom(token, tokens));
  return items;
}

function* until(end: string, tokens: Tokens): Generator<string> {
  for (let { value } = tokens.next(); value !== undefined && value !== end; { value } = tokens.next())
    yield value;
}

/** As `JSON.stringify` writes it, with floats as floats; on one line where `indent` is 0. */
export function printJson(value: unknown, indent = 2): string {
  return printed(value, { step: " ".repeat(indent), margin: indent > 0 ? "\n" : "" });
}

interface Layout {
  /** What a level is indented by; "" writes all on one line. */
  step: string;
  /** What a line begins with: the line break, and the indentation. */
  margin: string;
}

function printed(value: unknown, layout: Layout): string {
  if (value instanceof Float) return String(value);
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const inner = { ...layout, margin: layout.margin + layout.step };
  if (Array.isArray(value)) {
    const items = value.map((item) => printed(item, inner));
    return enclosed("[]", layout, items);
  }
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .map(([key, member]) => `${JSON.stringify(key)}:${layout.step && " "}${printed(member, inner)}`);
  return enclosed("{}", layout, members);
}

function enclosed(brackets: string, { step, margin }: Layout, items: string[]): string {
  if (items.length === 0) return brackets;
  const lines = items.map((item) => margin + step + item).join(",");
  return brackets.charAt(0) + lines + margin + brackets.charAt(1);
}
