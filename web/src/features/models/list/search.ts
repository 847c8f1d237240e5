/** What of the list is shown, as the address keeps it. */
export interface ListSearch {
  q?: string;
  provider?: string;
  origin?: "WORKSPACE" | "ORGANIZATION" | "PLATFORM";
  connected?: boolean;
  sort?: string;
}

const ORIGINS = ["WORKSPACE", "ORGANIZATION", "PLATFORM"] as const;

/** The search of an address, whoever wrote it: what it does not understand is left out. */
export function parseListSearch(search: Record<string, unknown>): ListSearch {
  const found: ListSearch = {};
  if (search.q !== undefined && search.q !== "") found.q = String(search.q);
  if (typeof search.provider === "string") found.provider = search.provider;
  const origin = ORIGINS.find((one) => one === search.origin);
  if (origin) found.origin = origin;
  if (typeof search.connected === "boolean") found.connected = search.connected;
  if (typeof search.sort === "string" && /^-?(name|provider|created_at|updated_at)$/.test(search.sort)) {
    found.sort = search.sort;
  }
  return found;
}
