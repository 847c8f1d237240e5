import { own } from "../../api/differences";
import type { Path } from "./document-context";

/** What stands at a path of a JSON document; undefined where nothing does. */
export function valueAt(document: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === "object" && value !== null
        ? own(value as Record<string, unknown>, String(key))
        : undefined,
    document,
  );
}

/** The document with another value at a path; `undefined` leaves a member out, and in a list is null. */
export function withValueAt(document: unknown, [key, ...rest]: Path, value: unknown): unknown {
  if (key === undefined) return value;
  const next = withValueAt(valueAt(document, [key]), rest, value);
  if (typeof key === "number")
    return Object.assign(Array.isArray(document) ? [...document] : [], { [key]: next ?? null });
  const { [key]: _, ...others } = (document ?? {}) as Record<string, unknown>;
  return next === undefined ? others : { ...(document ?? {}), [key]: next };
}
