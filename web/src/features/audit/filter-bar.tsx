import { Button, Group, Select, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import type { AuditRecord } from "../../api/audit";
import { people, useRoleInOrganization, workspaceMembers } from "../../api/members";
import { useWorkspace } from "../../ui/workspace";
import classes from "./audit.module.css";
import { isFiltered } from "./filters";
import { peopleOf } from "./people";
import type { AuditSearch } from "./search";
import { choicesOfActions } from "./words";

/** Which changes are shown. Every choice is in the address. */
export function FilterBar({ records }: { records: readonly AuditRecord[] }) {
  const search = useSearch({ from: "/signed-in/w/$workspace/audit" });
  const navigate = useNavigate({ from: "/w/$workspace/audit" });
  const change = (part: Partial<AuditSearch>) =>
    navigate({ search: (was) => ({ ...was, ...part }), replace: true });
  const day = (label: string, field: "from" | "to") => (
    <TextInput
      type="date"
      label={label}
      className={classes.filter}
      value={search[field] ?? ""}
      onChange={(event) => change({ [field]: event.currentTarget.value || undefined })}
    />
  );
  return (
    <Group gap="sm" align="flex-end">
      <Select
        label="What was done"
        className={classes.filter}
        placeholder="anything"
        data={choicesOfActions()}
        value={search.action ?? null}
        onChange={(action) => change({ action: action ?? undefined })}
        clearable
        clearButtonProps={{ "aria-label": "Anything that was done" }}
      />
      <PersonFilter records={records} value={search.user} onChange={(user) => change({ user })} />
      {day("From", "from")}
      {day("To", "to")}
      {search.thing && (
        <Button variant="default" onClick={() => change({ thing: undefined })}>
          Only {records[0]?.subject_name ?? "one thing"} ×
        </Button>
      )}
      {isFiltered(search) && (
        <Button variant="subtle" onClick={() => navigate({ search: ({ of }) => ({ of }) })}>
          Show all
        </Button>
      )}
    </Group>
  );
}

interface PersonProps {
  records: readonly AuditRecord[];
  value: string | undefined;
  onChange: (user: string | undefined) => void;
}

/** Whoever is of the organization, and whoever left traces here. */
function PersonFilter({ records, value, onChange }: PersonProps) {
  const { workspace_id } = useWorkspace();
  const isWhole = useRoleInOrganization() !== null;
  const everyone = useQuery({ ...people, enabled: isWhole });
  const members = useQuery({ ...workspaceMembers(workspace_id), enabled: !isWhole });
  const known = (isWhole ? everyone : members).data?.data ?? [];
  return (
    <Select
      label="Who"
      className={classes.filter}
      placeholder="anyone"
      data={peopleOf(known, records, value)}
      value={value ?? null}
      onChange={(user) => onChange(user ?? undefined)}
      searchable
      clearable
      clearButtonProps={{ "aria-label": "Anyone" }}
      nothingFoundMessage="Nobody of this name"
    />
  );
}
