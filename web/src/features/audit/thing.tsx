import { Anchor } from "@mantine/core";
import { useSuspenseQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { AuditRecord } from "../../api/audit";
import { workspaces } from "../../api/queries";
import { useWorkspace } from "../../ui/workspace";
import classes from "./audit.module.css";

/** What a change was made to, leading to where it is managed when it still has such a place. */
export function Thing({ record }: { record: AuditRecord }) {
  const workspace = useWorkspaceOf(record);
  const name = <span className={classes.thing}>{record.subject_name}</span>;
  if (workspace === null) return name;
  const params = { workspace };
  switch (record.action.split(".")[0]) {
    case "model":
      return <ModelLink record={record} workspace={workspace} tab={undefined} words={name} />;
    case "secret":
      return (
        <Anchor
          component={Link}
          to="/w/$workspace/secrets"
          params={params as never}
          search={{ tab: record.workspace_id ? undefined : "organization", q: record.subject_name } as never}
          inherit
          underline="always"
        >
          {name}
        </Anchor>
      );
    case "workspace":
      return (
        <Anchor
          component={Link}
          to="/w/$workspace/models"
          params={params as never}
          inherit
          underline="always"
        >
          {name}
        </Anchor>
      );
    case "member":
      return (
        <Anchor
          component={Link}
          to={record.workspace_id ? "/w/$workspace/members" : "/settings/members"}
          params={params as never}
          inherit
          underline="always"
        >
          {name}
        </Anchor>
      );
    case "token":
      return (
        <Anchor component={Link} to="/settings/tokens" inherit underline="always">
          {name}
        </Anchor>
      );
    default:
      return name;
  }
}

/** The revision that a change made, leading to the model's revisions. */
export function Revision({ record }: { record: AuditRecord }) {
  const workspace = useWorkspaceOf(record);
  if (record.revision === null) return null;
  const words = `revision ${record.revision}`;
  if (workspace === null) return words;
  return <ModelLink record={record} workspace={workspace} tab="revisions" words={words} />;
}

interface ModelLinkProps {
  record: AuditRecord;
  workspace: string;
  tab: string | undefined;
  words: React.ReactNode;
}

/** A deleted model has its revisions left. */
function ModelLink({ record, workspace, tab, words }: ModelLinkProps) {
  const shown = record.action === "model.delete" ? "revisions" : tab;
  return (
    <Anchor
      component={Link}
      to="/w/$workspace/models/$modelId"
      params={{ workspace, modelId: record.subject_id } as never}
      search={{ tab: shown } as never}
      inherit
      underline="always"
    >
      {words}
    </Anchor>
  );
}

/** The name of the workspace that a thing is in; the organization's are seen from this one. Null when it is gone. */
function useWorkspaceOf(record: AuditRecord): string | null {
  const here = useWorkspace();
  const { data } = useSuspenseQuery(workspaces);
  if (record.workspace_id === null) return here.name;
  return data.find((one) => one.workspace_id === record.workspace_id)?.name ?? null;
}
