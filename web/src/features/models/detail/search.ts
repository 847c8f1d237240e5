export const TABS = ["overview", "use", "revisions"] as const;
export type Tab = (typeof TABS)[number];

/** What of a model is shown, as the address keeps it. */
export interface DetailSearch {
  tab?: Tab;
  /** The revision that is looked at. */
  revision?: number;
  /** What it is compared with: the one before it, when nothing is said. */
  against?: "now";
}

/** The search of an address, whoever wrote it: what it does not understand is left out. */
export function parseDetailSearch(search: Record<string, unknown>): DetailSearch {
  const found: DetailSearch = {};
  const tab = TABS.find((one) => one === search.tab);
  if (tab) found.tab = tab;
  if (typeof search.revision === "number" && Number.isSafeInteger(search.revision) && search.revision > 0) {
    found.revision = search.revision;
  }
  if (search.against === "now") found.against = "now";
  return found;
}
