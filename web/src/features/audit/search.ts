/** Which of the record is shown, as the address keeps it. The workspace's need no word. */
export interface AuditSearch {
  of?: "organization";
  /** A whole action, such as model.update, or a kind, such as model. */
  action?: string;
  user?: string;
  thing?: string;
  /** The first day and the last, as 2026-11-27, where the reader is. */
  from?: string;
  to?: string;
}

const SHAPES = {
  action: /^[a-z_]{1,40}(\.[a-z_]{1,40})?$/,
  user: /^[0-9a-f-]{36}$/,
  thing: /^[0-9a-f-]{36}$/,
  from: /^\d{4}-\d{2}-\d{2}$/,
  to: /^\d{4}-\d{2}-\d{2}$/,
} as const;

/** The search of an address, whoever wrote it: what it does not understand is left out. */
export function parseAuditSearch(search: Record<string, unknown>): AuditSearch {
  const found: AuditSearch = search.of === "organization" ? { of: "organization" } : {};
  for (const field of Object.keys(SHAPES) as (keyof typeof SHAPES)[]) {
    const value = search[field];
    if (typeof value === "string" && SHAPES[field].test(value)) found[field] = value;
  }
  return found;
}
