import { LineCounter, parseDocument, stringify } from "yaml";

// Fetched with the YAML view only.

/** YAML 1.2 as data; throws an Error that knows its `line`. Tags of any program's objects are not followed. */
export function parseYaml(text: string): unknown {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: "error" });
  const [error] = document.errors;
  if (error) throw Object.assign(new Error(error.message), { line: lines.linePos(error.pos[0]).line });
  // Aliases may multiply: a few lines must not become millions.
  return document.toJS({ maxAliasCount: 100 });
}

/** Data as YAML that Haystack's pipelines read the same way: texts that older YAML takes for something else are quoted. */
export function printYaml(value: unknown): string {
  return stringify(value, {
    lineWidth: 0,
    version: "1.1",
    defaultStringType: "PLAIN",
    aliasDuplicateObjects: false,
  });
}
