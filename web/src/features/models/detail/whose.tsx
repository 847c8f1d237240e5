import { Anchor, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { Model, Workspace } from "../../../api/client";
import { useMayChange } from "../../../api/members";
import type { ModelState } from "../../../api/model-states";
import { ownerOf } from "../../../ui/origin";

interface Props {
  workspace: Workspace;
  model: Model;
  state: ModelState | undefined;
}

/** Whose model it is, as far as that decides what may be done with it, and which other one its name means. */
export function Whose({ workspace, model, state }: Props) {
  const may = useMayChange(workspace.workspace_id, model.origin ?? "PLATFORM");
  const sentence = sentenceFor(model, may);
  const [hidden] = state?.shadows ?? [];
  if (!sentence && !state?.shadowed_by && !hidden) return null;
  return (
    <Text size="sm">
      {sentence}{" "}
      {state?.shadowed_by && (
        <>
          In this workspace its name means{" "}
          <Other workspace={workspace} id={state.shadowed_by.model_id}>
            {ownerOf(state.shadowed_by.origin)}
          </Other>
          , which hides it; it can still be used by its id.
        </>
      )}
      {hidden && (
        <>
          It hides{" "}
          <Other workspace={workspace} id={hidden.model_id}>
            {ownerOf(hidden.origin)}
          </Other>{" "}
          of the same name.
        </>
      )}
    </Text>
  );
}

function sentenceFor({ origin }: Model, may: boolean): string {
  if (origin === "WORKSPACE") return may ? "" : "Editors of this workspace can change it.";
  if (origin === "ORGANIZATION") {
    return may
      ? "It is the organization's: a change is a change for every workspace."
      : "It is the organization's, for every workspace; an editor of the organization can change it.";
  }
  return "It comes with haymow: it cannot be changed and has no revisions.";
}

function Other({ workspace, id, children }: { workspace: Workspace; id: string; children: string }) {
  return (
    <Anchor
      inherit
      renderRoot={(props) => (
        <Link
          {...props}
          to="/w/$workspace/models/$modelId"
          params={{ workspace: workspace.name, modelId: id }}
        />
      )}
    >
      {children}
    </Anchor>
  );
}
