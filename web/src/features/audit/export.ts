import type { AuditRecord } from "../../api/audit";

/** Records as JSON, one to a line, as the API answered them. */
export function jsonLines(records: readonly AuditRecord[]): string {
  return records.map((record) => `${JSON.stringify(record)}\n`).join("");
}

const COLUMNS = [
  "number",
  "at",
  "person",
  "user_id",
  "action",
  "subject_name",
  "subject_id",
  "workspace_id",
  "revision",
  "changes",
  "token_id",
  "source",
] as const;

/** Records as comma-separated values, as RFC 4180 has them. */
export function csv(records: readonly AuditRecord[]): string {
  const rows = records.map((record) => COLUMNS.map((column) => cell(textOf(record, column))).join(","));
  return [COLUMNS.join(","), ...rows].map((row) => `${row}\r\n`).join("");
}

function textOf(record: AuditRecord, column: (typeof COLUMNS)[number]): string {
  if (column === "person") return record.user ? `${record.user.given_name} ${record.user.family_name}` : "";
  if (column === "changes") return record.changes.join(" ");
  return String(record[column] ?? "");
}

/** A spreadsheet calculates what begins like a formula, and a name may begin like one: an apostrophe keeps it text. */
function cell(value: string): string {
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Let the browser save a text as a file. */
export function save(name: string, type: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  // The download has begun by then; an address that is given up at once is not found by every browser.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
