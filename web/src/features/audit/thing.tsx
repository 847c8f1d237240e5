import { Anchor } from "@mantine/core";
import { useSuspenseQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { AuditRecord } from "../../api/audit";
import { workspaces } from "../../api/queries";
import { useWorkspace } from "../../ui/workspace";
import classes from "./audit.module.css";

/** What a change was made to, leading to where it is managed when there still is such a place. */
export function Thing({ record }: { record: AuditRecord }) {
  const workspace = useWorkspaceOf(record);
  const name = <span className={classes.thing}>{record.subject_name}</span>;
  if (workspace === null) return name;
  const params = { workspace };
  switch (record.action.split(".")[0]) {
    case "model":
      return <ModelLink {...{ record, workspace }} words={name} />;
    case "secret": {
      const tab = record.workspace_id === null ? ("organization" as const) : undefined;
      const search = { tab, q: record.subject_name };
      return within(name, (props) => <Link {...props} to="/w/$workspace/secrets" {...{ params, search }} />);
    }
    case "workspace":
      return within(name, (props) => <Link {...props} to="/w/$workspace/models" params={params} />);
    case "member":
      if (record.workspace_id === null)
        return within(name, (props) => <Link {...props} to="/settings/members" />);
      return within(name, (props) => <Link {...props} to="/w/$workspace/members" params={params} />);
    case "token":
      return within(name, (props) => <Link {...props} to="/settings/tokens" />);
    default:
      return name;
  }
}

/** The revision that a change made, leading to it among the model's. */
export function Revision({ record }: { record: AuditRecord }) {
  const workspace = useWorkspaceOf(record);
  if (record.revision === null) return null;
  const words = `revision ${record.revision}`;
  if (workspace === null) return words;
  return <ModelLink {...{ record, workspace, words }} revision={record.revision} />;
}

interface ModelLinkProps {
  record: AuditRecord;
  workspace: string;
  revision?: number;
  words: ReactNode;
}

/** Of a deleted model, its revisions are left. */
function ModelLink({ record, workspace, revision, words }: ModelLinkProps) {
  const params = { workspace, modelId: record.subject_id };
  const isAboutRevisions = revision !== undefined || record.action === "model.delete";
  const search = isAboutRevisions ? { tab: "revisions" as const, revision } : {};
  return within(words, (props) => (
    <Link {...props} to="/w/$workspace/models/$modelId" {...{ params, search }} />
  ));
}

/** Links stand in sentences here, so they are underlined: colour alone tells nobody everything. */
function within(words: ReactNode, renderRoot: (props: object) => ReactNode) {
  return (
    <Anchor inherit underline="always" renderRoot={renderRoot}>
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
