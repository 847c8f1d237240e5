import { List, Skeleton, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useDeleteWorkspace, workspaceContents } from "../../api/access";
import type { Workspace } from "../../api/client";
import { asProblem } from "../../api/problem";
import { Confirm } from "../../ui/confirm";
import { Failure } from "../../ui/failure";
import { type Contents, isEmpty, wordsOf } from "./contents";

/** Deletes a workspace: an empty one when asked, one with something in it when its name was typed. */
export function DeleteWorkspace({ workspace, onClose }: { workspace: Workspace; onClose: () => void }) {
  const contents = useQuery(workspaceContents(workspace.workspace_id));
  const remove = useDeleteWorkspace();
  const full = contents.data !== undefined && !isEmpty(contents.data);
  // Somebody put something in meanwhile: what it is, is read again and shown before anything is forced.
  const filled = remove.error !== null && asProblem(remove.error).code === "workspace_not_empty";

  function confirm(): void {
    remove.mutate(
      { name: workspace.name, force: full },
      { onSuccess: onClose, onError: () => contents.refetch() },
    );
  }

  return (
    <Confirm
      opened
      title={`Delete the workspace ${workspace.name}?`}
      isDestructive
      action="Delete workspace"
      onConfirm={confirm}
      onClose={onClose}
      busy={remove.isPending}
      isDisabled={contents.data === undefined || contents.isFetching}
      typed={full ? workspace.name : undefined}
      problem={filled ? null : remove.error && asProblem(remove.error)}
    >
      {contents.isError && (
        <Failure
          title="What is in the workspace could not be read"
          problem={asProblem(contents.error)}
          onRetry={() => contents.refetch()}
        />
      )}
      {contents.isPending && <Skeleton height={42} />}
      {contents.data && <Consequences contents={contents.data} />}
    </Confirm>
  );
}

function Consequences({ contents }: { contents: Contents }) {
  if (isEmpty(contents)) {
    return <Text size="sm">It has no models and no secrets of its own. Its members and tokens lose it.</Text>;
  }
  const further = contents.models - contents.modelNames.length;
  return (
    <>
      <Text size="sm">
        It is not empty. {wordsOf(contents)} go with it and cannot be brought back; whoever calls these models
        gets an error from then on. Its members and tokens lose it too.
      </Text>
      {contents.models > 0 && (
        <List size="sm">
          {contents.modelNames.map((name) => (
            <List.Item key={name}>{name}</List.Item>
          ))}
          {further > 0 && <List.Item>and {further} more</List.Item>}
        </List>
      )}
    </>
  );
}
