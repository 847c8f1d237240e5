import { Document, LineCounter, parseDocument, Scalar, type ScalarTag, visit } from "yaml";
import { Float, numberOf } from "../../../api/json";

// Fetched with the YAML view only.

/** YAML 1.2 as data; throws an Error that knows its `line`. Tags of any program's objects are not followed. */
export function parseYaml(text: string): unknown {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: "error" });
  const [error] = document.errors;
  if (error) throw Object.assign(new Error(error.message), { line: lines.linePos(error.pos[0]).line });
  visit(document, {
    Scalar(place, node) {
      // The name of a field is a text.
      if (place === "key" || typeof node.value !== "number") return;
      const number = numberOf(node.source ?? "");
      if (number instanceof Float) node.value = number;
    },
  });
  // Aliases may multiply: a few lines must not become millions.
  return document.toJS({ maxAliasCount: 100 });
}

/** Data as YAML that Haystack's pipelines read the same way: texts that older YAML takes for something else are quoted. */
export function printYaml(value: unknown): string {
  const document = new Document(value, {
    version: "1.1",
    aliasDuplicateObjects: false,
    customTags: (tags) => [FLOAT, ...tags],
  });
  visit(document, {
    Scalar(_, node) {
      if (typeof node.value === "string" && isOdd(node.value)) node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  return document.toString({ lineWidth: 0, defaultStringType: "PLAIN" });
}

/** Floats that would be written as integers, and those that older YAML takes for texts: it asks for a point. */
const FLOAT: ScalarTag = {
  tag: "tag:yaml.org,2002:float",
  default: true,
  test: /^-?\d+\.0(e[-+]\d+)?$/,
  identify: (value) => value instanceof Float || (typeof value === "number" && /^-?\d+e/.test(String(value))),
  resolve: Number,
  stringify: ({ value }) => String(value).replace(/^(-?\d+)e/, "$1.0e"),
};

/** What only the newer YAML takes for a number or the older for a mark, and white space that lines would lose. */
function isOdd(text: string): boolean {
  return /^[-+]?0o[0-7]+$|^=$|[^\S\n]\n|^\s|[\u007f\u0085\u2028\u2029]/.test(text);
}
