import { Button, Group, SegmentedControl, Skeleton, Table, Text, VisuallyHidden } from "@mantine/core";
import { useInfiniteQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { type AuditRecord, audit } from "../../api/audit";
import { useRoleInOrganization } from "../../api/members";
import { asProblem, type Problem } from "../../api/problem";
import { workspaces } from "../../api/queries";
import { Empty } from "../../ui/empty";
import { Failure } from "../../ui/failure";
import { Page } from "../../ui/page";
import { useWorkspace } from "../../ui/workspace";
import { csv, jsonLines, save } from "./export";
import { FilterBar } from "./filter-bar";
import { filtersOf, isFiltered } from "./filters";
import { RecordRow } from "./record-row";

/** Who changed what, when and from where: in the workspace or, for administrators, in the whole organization. */
export function AuditPage() {
  const search = useSearch({ from: "/signed-in/w/$workspace/audit" });
  const { workspace_id } = useWorkspace();
  const scope = search.of === "organization" ? null : workspace_id;
  const found = useInfiniteQuery(audit(scope, filtersOf(search)));
  const records = useMemo(() => found.data?.pages.flatMap((page) => page.data) ?? [], [found.data]);
  const refused = records.length === 0 && found.error ? asProblem(found.error) : null;
  if (refused) {
    return (
      <Page title="Audit">
        <WhoseRecord />
        <Refused problem={refused} onRetry={() => found.refetch()} />
      </Page>
    );
  }
  return (
    <Page title="Audit" actions={<Export records={records} />}>
      <WhoseRecord />
      <FilterBar records={records} />
      {found.isPending && <Skeleton role="status" height={480} aria-label="Loading the record" />}
      {found.isSuccess && records.length === 0 && (
        <Nothing isFiltered={isFiltered(search)} isAll={!found.hasNextPage} />
      )}
      {records.length > 0 && <Records records={records} />}
      {found.isFetchNextPageError && (
        <Failure problem={asProblem(found.error)} title="Nothing older was loaded" />
      )}
      {found.hasNextPage && (
        <Group>
          <Button variant="default" loading={found.isFetchingNextPage} onClick={() => found.fetchNextPage()}>
            Older
          </Button>
        </Group>
      )}
    </Page>
  );
}

/** The switch that administrators of the organization have between its record and the workspace's. */
function WhoseRecord() {
  const { of } = useSearch({ from: "/signed-in/w/$workspace/audit" });
  const navigate = useNavigate({ from: "/w/$workspace/audit" });
  const { name } = useWorkspace();
  if (useRoleInOrganization() !== "admin") return null;
  return (
    <Group>
      <SegmentedControl
        size="xs"
        aria-label="Whose record"
        data={[
          { value: "workspace", label: name },
          { value: "organization", label: "The whole organization" },
        ]}
        value={of ?? "workspace"}
        onChange={(value) =>
          navigate({ search: (was) => ({ ...was, of: value === "organization" ? value : undefined }) })
        }
      />
    </Group>
  );
}

function Records({ records }: { records: readonly AuditRecord[] }) {
  const { of, thing } = useSearch({ from: "/signed-in/w/$workspace/audit" });
  const navigate = useNavigate({ from: "/w/$workspace/audit" });
  const { data } = useSuspenseQuery(workspaces);
  const names = useMemo(() => new Map(data.map((one) => [one.workspace_id, one.name])), [data]);
  const whereOf = ({ workspace_id }: AuditRecord) =>
    of && workspace_id ? (names.get(workspace_id) ?? "a workspace that is gone") : null;
  const follow = (one: AuditRecord) => () =>
    navigate({ search: ({ of }) => ({ of, thing: one.subject_id }) });
  return (
    <Table verticalSpacing="xs" aria-label="Changes, newest first">
      <Table.Thead>
        <Table.Tr>
          <Table.Th visibleFrom="md">When</Table.Th>
          <Table.Th visibleFrom="md">Who</Table.Th>
          <Table.Th>What</Table.Th>
          <Table.Th visibleFrom="lg">From where</Table.Th>
          <Table.Th>
            <VisuallyHidden>What else was done</VisuallyHidden>
          </Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {records.map((one) => (
          <RecordRow
            key={one.number}
            record={one}
            where={whereOf(one)}
            onFollow={thing ? null : follow(one)}
          />
        ))}
      </Table.Tbody>
    </Table>
  );
}

function Refused({ problem, onRetry }: { problem: Problem; onRetry: () => void }) {
  const isDenied = problem.status === 403;
  return (
    <>
      <Failure
        problem={problem}
        title={isDenied ? "You may not read this record" : undefined}
        onRetry={isDenied ? undefined : onRetry}
      />
      {isDenied && (
        <Text size="sm">
          A workspace's record is for its editors and administrators, the organization's for its
          administrators.
        </Text>
      )}
    </>
  );
}

/** A part of a long record is looked at for each answer, so there may be none in it and some before. */
function Nothing({ isFiltered: some, isAll }: { isFiltered: boolean; isAll: boolean }) {
  if (!isAll)
    return <Empty title="None of the newest changes matches">Older ones were not looked at yet.</Empty>;
  if (some) return <Empty title="No change matches">Choose other filters, or show all.</Empty>;
  return (
    <Empty title="Nothing was changed here yet">
      Every change of a model, a secret or a role will stand here.
    </Empty>
  );
}

/** What is shown, as a file. */
function Export({ records }: { records: readonly AuditRecord[] }) {
  const none = records.length === 0;
  return (
    <>
      <Button variant="default" disabled={none} onClick={() => save("audit.csv", "text/csv", csv(records))}>
        Save as CSV
      </Button>
      <Button
        variant="default"
        disabled={none}
        onClick={() => save("audit.jsonl", "application/jsonl", jsonLines(records))}
      >
        Save as JSON lines
      </Button>
    </>
  );
}
