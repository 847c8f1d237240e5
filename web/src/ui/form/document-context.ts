import { createContext } from "react";

export interface DocumentAccess {
  document: Record<string, unknown>;
  /** Another value at a path; `undefined` leaves it out. */
  onValue: (path: Path, value: unknown) => void;
  /** Told when the text of a field becomes no value, and when it is one again. */
  onUnfinished: (field: string, isUnfinished: boolean) => void;
}

/** The keys and indexes that lead to a value. */
export type Path = readonly (string | number)[];

/**
 * The document of a form itself, for fields that know floats: in rjsf's data every number is JavaScript's. Not in rjsf's
 * own context, which comes to its fields one rendering late: what is being typed would be taken for changed from elsewhere.
 */
export const DocumentContext = createContext<DocumentAccess>({
  document: {},
  onValue: () => undefined,
  onUnfinished: () => undefined,
});
