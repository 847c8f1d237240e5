import { Button, Group, Skeleton, Stack, Text, UnstyledButton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import type { Model, Workspace } from "../../../api/client";
import { REVISIONS_SHOWN, type Revision, revisions, type Seen } from "../../../api/models";
import { asProblem } from "../../../api/problem";
import { Ago } from "../../../ui/ago";
import { Empty } from "../../../ui/empty";
import { Failure } from "../../../ui/failure";
import classes from "./detail.module.css";
import { RevisionDetail } from "./revision-detail";
import { changeWords } from "./words";

interface Props {
  workspace: Workspace;
  seen: Seen;
  /** The model as it is; null for a deleted one. */
  now: Model | null;
}

/** What the model was before: newest first, each with what it changed, to be made the newest again. */
export function Revisions({ workspace, seen, now }: Props) {
  const [page, setPage] = useState(1);
  const found = useQuery(revisions(workspace.workspace_id, seen.modelId, page));
  const { revision } = useSearch({ from: "/signed-in/w/$workspace/models/$modelId" });
  if (found.error) return <Failure problem={asProblem(found.error)} onRetry={() => found.refetch()} />;
  if (!found.data) return <Skeleton height={240} />;
  const { data, total } = found.data;
  if (total === 0) return <NoRevisions origin={seen.origin} />;
  // Revisions count from 1, without a gap: the newest has the number of them all.
  const chosen = Math.min(revision ?? total, total);
  return (
    <div className={classes.revisions}>
      <Stack gap="xs">
        <RevisionList revisions={data} chosen={chosen} />
        <Paging page={page} total={total} onPage={setPage} />
      </Stack>
      <RevisionDetail
        key={chosen}
        workspace={workspace}
        seen={seen}
        now={now}
        number={chosen}
        newest={total}
      />
    </div>
  );
}

function RevisionList({ revisions, chosen }: { revisions: Revision[]; chosen: number }) {
  const navigate = useNavigate({ from: "/w/$workspace/models/$modelId" });
  async function choose(revision: number): Promise<void> {
    await navigate({ search: (before) => ({ ...before, revision }), resetScroll: false });
    // On a narrow screen it stands above the list.
    document.getElementById("revision")?.scrollIntoView({ block: "nearest" });
  }
  return (
    <ol className={classes.list} reversed start={revisions[0]?.revision}>
      {revisions.map((one) => (
        <li key={one.revision}>
          <UnstyledButton
            className={classes.choice}
            aria-pressed={one.revision === chosen}
            onClick={() => choose(one.revision)}
          >
            <Text size="sm" fw={600}>
              {one.revision} · {changeWords(one)}
            </Text>
            <Text size="xs" className={classes.quiet}>
              <Ago at={one.created_at} />
              {one.created_by && ` by ${one.created_by.given_name} ${one.created_by.family_name}`}
            </Text>
          </UnstyledButton>
        </li>
      ))}
    </ol>
  );
}

function Paging({ page, total, onPage }: { page: number; total: number; onPage: (page: number) => void }) {
  const last = Math.ceil(total / REVISIONS_SHOWN);
  if (last === 1) return null;
  return (
    <Group gap="xs">
      <Button variant="default" disabled={page === 1} onClick={() => onPage(page - 1)}>
        Newer
      </Button>
      <Button variant="default" disabled={page === last} onClick={() => onPage(page + 1)}>
        Older
      </Button>
      <Text size="xs" className={classes.quiet}>
        {total.toLocaleString("en")} revisions
      </Text>
    </Group>
  );
}

function NoRevisions({ origin }: { origin: Seen["origin"] }) {
  return (
    <Empty title="No revisions">
      {origin === "PLATFORM" && "A model that comes with haymow changes only with haymow itself."}
    </Empty>
  );
}
