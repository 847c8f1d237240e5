import { isObject } from "../../../api/definition";
import { escaped, own, same } from "../../../api/differences";

/** One place that a person decided differently on, or that only one of two people touched. Absent is `undefined`. */
export interface Place {
  pointer: string;
  base: unknown;
  mine: unknown;
  theirs: unknown;
  /** Whose change it is; a conflict is to be decided by a person. */
  by: "mine" | "theirs" | "both" | "conflict";
}

export type Choice = "mine" | "theirs";

export interface Merge<T> {
  merged: T;
  /** Everything that either side changed, in the order of the document. */
  places: Place[];
  /** The pointers of conflicts that nobody has decided yet; until then `merged` has theirs there. */
  open: string[];
}

/**
 * Two people's changes of one JSON document, put together field by field: objects by key, arrays and everything else
 * as wholes. What only one side changed is taken; what both changed alike is no conflict; what one side deleted and the
 * other changed is one. `choices` decides conflicts by pointer.
 */
export function merge<T>(base: T, mine: T, theirs: T, choices: Record<string, Choice> = {}): Merge<T> {
  const places: Place[] = [];
  const merged = at("#", { base, mine, theirs }, choices, places) as T;
  const open = places.filter((place) => place.by === "conflict" && !choices[place.pointer]);
  return { merged, places, open: open.map((place) => place.pointer) };
}

interface Sides {
  base: unknown;
  mine: unknown;
  theirs: unknown;
}

function at(pointer: string, sides: Sides, choices: Record<string, Choice>, places: Place[]): unknown {
  const { base, mine, theirs } = sides;
  if (same(mine, theirs)) {
    if (!same(base, mine)) places.push({ pointer, ...sides, by: "both" });
    return mine;
  }
  if (isObject(mine) && isObject(theirs) && (base === undefined || isObject(base))) {
    return inside(pointer, base ?? {}, mine, theirs, choices, places);
  }
  const by = same(base, mine) ? "theirs" : same(base, theirs) ? "mine" : "conflict";
  places.push({ pointer, ...sides, by });
  const taken = by === "conflict" ? (choices[pointer] ?? "theirs") : by;
  return taken === "mine" ? mine : theirs;
}

function inside(
  pointer: string,
  base: Json,
  mine: Json,
  theirs: Json,
  choices: Record<string, Choice>,
  places: Place[],
): Json {
  const merged: [string, unknown][] = [];
  for (const key of new Set([...Object.keys(theirs), ...Object.keys(mine), ...Object.keys(base)])) {
    const sides = { base: own(base, key), mine: own(mine, key), theirs: own(theirs, key) };
    const value = at(`${pointer}/${escaped(key)}`, sides, choices, places);
    if (value !== undefined) merged.push([key, value]);
  }
  return Object.fromEntries(merged);
}

type Json = Record<string, unknown>;
