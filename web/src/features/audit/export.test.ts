import { expect, test } from "vitest";
import type { AuditRecord } from "../../api/audit";
import { csv, jsonLines } from "./export";

const RECORD: AuditRecord = {
  number: 7,
  at: "2026-11-27T12:00:00Z",
  action: "model.update",
  workspace_id: null,
  subject_id: "s",
  subject_name: "gpt",
  revision: 2,
  changes: ["name", "provider"],
  user_id: "u",
  user: { user_id: "u", given_name: "Ada", family_name: "Byron" },
  token_id: null,
  source: "command line",
};

test("every line is a record as it was answered", () => {
  const lines = jsonLines([RECORD, { ...RECORD, number: 6, subject_name: "two\nlines" }])
    .trimEnd()
    .split("\n");
  expect(lines.map((line) => JSON.parse(line).number)).toEqual([7, 6]);
});

test("a row has a value for each column, nothing for what is null", () => {
  const [head, row] = csv([RECORD]).split("\r\n");
  expect(head?.split(",")).toHaveLength(12);
  expect(row).toBe("7,2026-11-27T12:00:00Z,Ada Byron,u,model.update,gpt,s,,2,name provider,,command line");
});

test("commas and quotes stay in their cell", () => {
  expect(csv([{ ...RECORD, subject_name: 'a "b", c' }])).toContain(',"a ""b"", c",');
});

test("a name that looks like a formula is text to a spreadsheet", () => {
  expect(csv([{ ...RECORD, subject_name: "=HYPERLINK(1)" }])).toContain(",'=HYPERLINK(1),");
});
