import type { Model } from "../../../api/client";
import type { ModelFilters, Sort } from "../../../api/models";

/**
 * Which of some models a filter leaves, in its order: what the server will answer, as far as it is here already.
 * Whether a model is hidden only the server knows: here they count as they came.
 */
export function matching(models: Iterable<Model>, filters: ModelFilters): Model[] {
  const part = filters.q === undefined ? "" : keyOf(filters.q);
  const found: Row[] = [];
  for (const model of models) {
    const key = keyOf(model.name);
    if (key.includes(part) && holds(model, filters)) found.push({ model, key });
  }
  return found.sort(orderOf(filters.sort ?? "name")).map(({ model }) => model);
}

/** A model and what it is sorted by: made once for each, not for each comparison. */
interface Row {
  model: Model;
  key: string;
}

function holds(model: Model, { provider, origin, connected }: ModelFilters): boolean {
  return (
    (provider === undefined || model.provider === provider) &&
    (origin === undefined || model.origin === origin) &&
    (connected === undefined || model.connected === connected)
  );
}

function orderOf(sort: Sort): (one: Row, other: Row) => number {
  const field = sort.replace("-", "") as "name" | "provider" | "created_at" | "updated_at";
  const sign = sort.startsWith("-") ? -1 : 1;
  const sortKey = ({ model, key }: Row) => (field === "name" ? key : (model[field] ?? ""));
  return (one, other) => sign * compare(sortKey(one), sortKey(other)) || compare(one.key, other.key);
}

function compare(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}

/** What names are compared by: neither case nor the form of an accent makes two of one. */
function keyOf(text: string): string {
  return text.normalize("NFC").toLowerCase();
}
