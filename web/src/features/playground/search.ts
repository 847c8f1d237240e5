/** Which models are asked, as the address keeps it. */
export interface PlaygroundSearch {
  model?: string;
  beside?: string;
}

/** The search of an address, whoever wrote it: a name such as 3 or true is a name too. */
export function parsePlaygroundSearch(search: Record<string, unknown>): PlaygroundSearch {
  const found: PlaygroundSearch = {};
  if (isName(search.model)) found.model = String(search.model);
  if (isName(search.beside)) found.beside = String(search.beside);
  return found;
}

function isName(value: unknown): boolean {
  return ["string", "number", "boolean"].includes(typeof value) && value !== "";
}
