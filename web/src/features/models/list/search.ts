import type { ModelFilters, Origin, Sort } from "../../../api/models";

/** What of the list is shown, as the address keeps it. */
export interface ListSearch {
  q?: string;
  provider?: string;
  origin?: Origin;
  connected?: boolean;
  /** Also the models that another of the same name hides. */
  hidden?: boolean;
  sort?: Sort;
}

const ORIGINS = ["WORKSPACE", "ORGANIZATION", "PLATFORM"] as const;
const SORTS = /^-?(name|provider|created_at|updated_at)$/;

/** The search of an address, whoever wrote it: what it does not understand is left out. */
export function parseListSearch(search: Record<string, unknown>): ListSearch {
  const found: ListSearch = {};
  if (search.q !== undefined && search.q !== "") found.q = String(search.q);
  if (search.provider !== undefined && search.provider !== "") found.provider = String(search.provider);
  const origin = ORIGINS.find((one) => one === search.origin);
  if (origin) found.origin = origin;
  if (typeof search.connected === "boolean") found.connected = search.connected;
  if (search.hidden === true) found.hidden = true;
  if (typeof search.sort === "string" && SORTS.test(search.sort)) found.sort = search.sort as Sort;
  return found;
}

/** The same as the server's filters. */
export function filtersOf({ hidden, ...filters }: ListSearch): ModelFilters {
  return hidden ? { ...filters, include_shadowed: true } : filters;
}

/** Whether any model is left out on purpose. */
export function isFiltered({ q, provider, origin, connected }: ListSearch): boolean {
  return [q, provider, origin, connected].some((one) => one !== undefined);
}

/** The order that a click on a header asks for: its own first one, then the other way around. */
export function nextSort(current: Sort | undefined, field: "name" | "provider" | "updated_at"): Sort {
  const first: Sort = field === "updated_at" ? "-updated_at" : field;
  if ((current ?? "name") !== first) return first;
  return field === "updated_at" ? "updated_at" : `-${field}`;
}
