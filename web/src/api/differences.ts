import { isObject } from "./definition";
import { isSameScalar } from "./json";

/** One place in which two JSON documents differ. What is not there on a side is `undefined`, which no JSON value is. */
export interface Difference {
  /** Where, as haymow's faults say it: `#/chat_generator_config/init_parameters/model`; `#` is the whole. */
  pointer: string;
  before: unknown;
  after: unknown;
}

/**
 * Where two JSON documents differ, as deep as they have something in common: objects by key, whatever the order of
 * keys; arrays by index. What was there before comes in its order, then what is new.
 */
export function differences(before: unknown, after: unknown): Difference[] {
  return at("#", before, after);
}

/** Whether two JSON values are the same, whatever the order of keys. */
export function same(one: unknown, other: unknown): boolean {
  if (isSameScalar(one, other)) return true;
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length && one.every((item, index) => same(item, other[index]));
  }
  if (!isObject(one) || !isObject(other)) return false;
  const keys = Object.keys(one);
  return (
    keys.length === Object.keys(other).length &&
    keys.every((key) => Object.hasOwn(other, key) && same(one[key], other[key]))
  );
}

/** The keys and indexes that a pointer of `differences` is made of. */
export function partsOf(pointer: string): string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function at(pointer: string, before: unknown, after: unknown): Difference[] {
  if (isList(before) && isList(after)) return inside(pointer, { ...before }, { ...after });
  if (isObject(before) && isObject(after)) return inside(pointer, before, after);
  return isSameScalar(before, after) ? [] : [{ pointer, before, after }];
}

function inside(pointer: string, before: Record<string, unknown>, after: Record<string, unknown>) {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].flatMap((key) => at(`${pointer}/${escaped(key)}`, own(before, key), own(after, key)));
}

/** A key that only the prototype has, such as `constructor`, is not there. */
export function own(document: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(document, key) ? document[key] : undefined;
}

/** A key as a part of a pointer. */
export function escaped(key: string): string {
  return key.replaceAll("~", "~0").replaceAll("/", "~1");
}

function isList(value: unknown): value is unknown[] {
  return Array.isArray(value);
}
