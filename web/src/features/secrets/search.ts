const TABS = ["organization", "integrations"] as const;
const SORTS = ["-name", "updated_at", "-updated_at"] as const;

/** What of the secrets is shown, as the address keeps it. The workspace's, by name, need no word. */
export interface SecretsSearch {
  tab?: (typeof TABS)[number];
  q?: string;
  sort?: (typeof SORTS)[number];
  /** The name of a secret that somebody was sent here to enter. */
  add?: string;
}

/** The search of an address, whoever wrote it: what it does not understand is left out. */
export function parseSecretsSearch(search: Record<string, unknown>): SecretsSearch {
  const found: SecretsSearch = {};
  const tab = TABS.find((one) => one === search.tab);
  const sort = SORTS.find((one) => one === search.sort);
  if (tab) found.tab = tab;
  if (sort) found.sort = sort;
  if (search.q !== undefined && search.q !== "") found.q = String(search.q);
  if (typeof search.add === "string") found.add = search.add;
  return found;
}
