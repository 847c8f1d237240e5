import { Group, SegmentedControl, Skeleton, Stack, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import type { Model, Workspace } from "../../../api/client";
import { definitionOf } from "../../../api/definition";
import { differences } from "../../../api/differences";
import { type Revision, revision, type Seen } from "../../../api/models";
import { asProblem } from "../../../api/problem";
import { DifferenceList } from "../../../ui/difference-list";
import { Failure } from "../../../ui/failure";
import classes from "./detail.module.css";
import { Restore } from "./restore";

interface Props {
  workspace: Workspace;
  seen: Seen;
  now: Model | null;
  number: number;
  /** The number of the newest revision. */
  newest: number;
}

/** One revision beside the one before it, or beside what the model is now. */
export function RevisionDetail({ workspace, seen, now, number, newest }: Props) {
  const { against } = useSearch({ from: "/signed-in/w/$workspace/models/$modelId" });
  const navigate = useNavigate({ from: "/w/$workspace/models/$modelId" });
  const one = useQuery(revision(workspace.workspace_id, seen.modelId, number));
  const before = useQuery({
    ...revision(workspace.workspace_id, seen.modelId, number - 1),
    enabled: number > 1,
  });
  const error = one.error ?? before.error;
  const mayCompareNow = now !== null && number < newest;
  const withNow = mayCompareNow && against === "now";
  return (
    <Stack gap="sm" className={classes.chosen} id="revision">
      <Group justify="space-between" gap="xs" mih={30}>
        <Title order={2}>Revision {number}</Title>
        <Group gap="xs">
          {mayCompareNow && (
            <SegmentedControl
              size="xs"
              aria-label="Compare with"
              value={withNow ? "now" : "before"}
              data={[
                { value: "before", label: "What it changed" },
                { value: "now", label: "Changed since" },
              ]}
              onChange={(value) =>
                navigate({
                  search: (search) => ({ ...search, against: value === "now" ? "now" : undefined }),
                  resetScroll: false,
                })
              }
            />
          )}
          {one.data && number < newest && <Restore seen={seen} revision={one.data} />}
        </Group>
      </Group>
      {error && <Failure problem={asProblem(error)} />}
      {!error && (!one.data || (number > 1 && !before.data)) && <Skeleton height={160} />}
      {one.data && withNow && <Sides before={one.data} after={now} names={[`Revision ${number}`, "Now"]} />}
      {one.data && !withNow && (number === 1 || before.data) && (
        <Sides
          before={before.data}
          after={one.data}
          names={[number === 1 ? "Before" : `Revision ${number - 1}`, `Revision ${number}`]}
        />
      )}
    </Stack>
  );
}

interface SidesProps {
  before: Revision | undefined;
  after: Revision | Model;
  names: [string, string];
}

function Sides({ before, after, names: [left, right] }: SidesProps) {
  const found = differences(before ? definitionOf(before) : {}, definitionOf(after));
  return <DifferenceList found={found} before={left} after={right} />;
}
