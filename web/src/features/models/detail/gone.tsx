import { Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { Workspace } from "../../../api/client";
import { revisions } from "../../../api/models";
import type { Problem } from "../../../api/problem";
import { Ago } from "../../../ui/ago";
import { Failure } from "../../../ui/failure";
import { Page } from "../../../ui/page";
import { Revisions } from "./revisions";

interface Props {
  workspace: Workspace;
  modelId: string;
  problem: Problem;
}

/** A model that is not here. One that was deleted still has its revisions, of which any can be restored. */
export function Gone({ workspace, modelId, problem }: Props) {
  const found = useQuery(revisions(workspace.workspace_id, modelId, 1));
  const last = found.data?.data[0];
  if (!last) {
    return (
      <Page title="No such model">
        <Failure problem={problem} />
      </Page>
    );
  }
  const seen = { workspaceId: workspace.workspace_id, modelId, origin: "WORKSPACE", etag: null } as const;
  const by = last.created_by;
  return (
    <Page title={last.name} aside="Deleted">
      <Text size="sm">
        It was deleted <Ago at={last.created_at} />
        {by && ` by ${by.given_name} ${by.family_name}`}. Restoring a revision brings it back under its id.
      </Text>
      <Revisions workspace={workspace} seen={seen} now={null} />
    </Page>
  );
}
