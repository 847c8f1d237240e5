import type { AuditFilters } from "../../api/audit";
import type { AuditSearch } from "./search";

/** What is asked of the server: days become instants, from the first one's beginning to the last one's end. */
export function filtersOf(search: AuditSearch): AuditFilters {
  return {
    action: search.action,
    user_id: search.user,
    subject_id: search.thing,
    since: search.from && beginningOf(search.from, 0),
    until: search.to && beginningOf(search.to, 1),
  };
}

/** Whether anything is filtered at all. */
export function isFiltered({ of: _, ...filters }: AuditSearch): boolean {
  return Object.values(filters).some((value) => value !== undefined);
}

function beginningOf(day: string, daysLater: number): string | undefined {
  const [year = 0, month = 1, date = 1] = day.split("-").map(Number);
  const instant = new Date(year, month - 1, date + daysLater);
  return Number.isNaN(instant.getTime()) ? undefined : instant.toISOString();
}
