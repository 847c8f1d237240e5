import type { AuditRecord } from "../../api/audit";
import type { Member } from "../../api/roles";
import { authorOf } from "./words";

/** The people to choose from: those known, those who are in the records though they have left, and who is chosen. */
export function peopleOf(
  known: readonly Member[],
  records: readonly AuditRecord[],
  chosen: string | undefined,
): { value: string; label: string }[] {
  const names = new Map<string, string>(chosen ? [[chosen, chosen]] : []);
  for (const record of records) names.set(record.user_id, authorOf(record));
  for (const one of known) names.set(one.user_id, `${one.given_name} ${one.family_name}`);
  const found = [...names].map(([value, label]) => ({ value, label }));
  return found.sort((a, b) => a.label.localeCompare(b.label, "en"));
}
