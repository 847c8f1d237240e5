import { Button, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import type { Model, Workspace } from "../../../api/client";
import { useMayChange, useRoleIn } from "../../../api/members";
import { deleteModel, type Seen } from "../../../api/models";
import { asProblem } from "../../../api/problem";
import { reaches } from "../../../api/roles";
import { Confirm } from "../../../ui/confirm";
import { ownerOf } from "../../../ui/origin";
import classes from "./detail.module.css";

interface Props {
  workspace: Workspace;
  model: Model;
  seen: Seen;
  /** Whether another model of this name is nearer: then only the id means this one. */
  isHidden: boolean;
}

/** What can be done with a model as a whole, by who may. */
export function Actions({ workspace, model, seen, isHidden }: Props) {
  const mayChange = useMayChange(seen.workspaceId, seen.origin);
  const mayCopy = reaches(useRoleIn(seen.workspaceId), "editor") && seen.origin !== "WORKSPACE";
  const params = { workspace: workspace.name, modelId: seen.modelId };
  return (
    <>
      {mayChange && <Delete workspace={workspace} model={model} seen={seen} />}
      <Button
        variant="default"
        renderRoot={(props) => (
          <Link
            {...props}
            to="/w/$workspace/playground"
            params={{ workspace: workspace.name }}
            search={{ model: isHidden ? seen.modelId : model.name }}
          />
        )}
      >
        Try in the playground
      </Button>
      {mayChange && (
        <Button
          renderRoot={(props) => <Link {...props} to="/w/$workspace/models/$modelId/edit" params={params} />}
        >
          Edit
        </Button>
      )}
      {mayCopy && !mayChange && (
        <Button
          renderRoot={(props) => (
            <Link {...props} to="/w/$workspace/models/new" params={params} search={{ from: seen.modelId }} />
          )}
        >
          Copy
        </Button>
      )}
    </>
  );
}

function Delete({ workspace, model, seen }: Omit<Props, "isHidden">) {
  const [opened, { open, close }] = useDisclosure();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const deletion = useMutation({
    mutationFn: () => deleteModel(seen),
    onSuccess: async () => {
      await navigate({ to: "/w/$workspace/models", params: { workspace: workspace.name } });
      await queries.invalidateQueries({ queryKey: ["models"] });
    },
    onError: (error) => {
      // Somebody changed it: show that, and delete it with the new ETag when asked again.
      if (asProblem(error).status === 412) void queries.invalidateQueries({ queryKey: ["models"] });
    },
  });
  const isLate = deletion.error !== null && asProblem(deletion.error).status === 412;
  function ask(): void {
    deletion.reset();
    open();
  }
  return (
    <>
      <Button variant="subtle" color="red" className={classes.delete} onClick={ask}>
        Delete
      </Button>
      <Confirm
        opened={opened}
        onClose={close}
        title={`Delete ${model.name}?`}
        action="Delete"
        onConfirm={() => deletion.mutate()}
        busy={deletion.isPending}
        problem={deletion.error ? asProblem(deletion.error) : null}
        isDestructive
      >
        <Text size="sm">
          {isLate && "What they changed is shown on the page now; deleting takes it along. "}
          Pipelines and programs that use {ownerOf(seen.origin)} <b>{model.name}</b> by its name or id fail
          from then on{seen.origin === "ORGANIZATION" && ", in every workspace"}. Its revisions stay at this
          address, and restoring one brings it back.
        </Text>
      </Confirm>
    </>
  );
}
