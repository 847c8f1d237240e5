import { Text } from "@mantine/core";
import type { Model, Workspace } from "../../../api/client";
import { useMayChange } from "../../../api/members";

interface Props {
  workspace: Workspace;
  model: Model;
  isHidden: boolean;
}

/** Whose model it is, as far as that decides what may be done with it. */
export function Whose({ workspace, model, isHidden }: Props) {
  const mayChange = useMayChange(workspace.workspace_id, model.origin ?? "PLATFORM");
  const sentence = sentenceFor(model, mayChange);
  if (!sentence && !isHidden) return null;
  return (
    <Text size="sm">
      {sentence} {isHidden && "Its name means another model here; by its id it can still be used."}
    </Text>
  );
}

function sentenceFor({ origin }: Model, mayChange: boolean): string {
  if (origin === "WORKSPACE") return mayChange ? "" : "Editors of this workspace can change it.";
  if (origin === "ORGANIZATION") {
    return mayChange
      ? "It is the organization's: a change is a change for every workspace."
      : "It is the organization's, for every workspace; an editor of the organization can change it.";
  }
  return "It comes with haymow: it cannot be changed and has no revisions.";
}
