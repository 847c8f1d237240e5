import { useMayChange } from "../../../api/members";
import type { ModelScope } from "../../../api/model-changes";
import { useWorkspace } from "../../../ui/workspace";

/** Whether the person may change models and secrets of a scope. It decides what is offered; the server decides. */
export function useMayChangeIn(scope: ModelScope): boolean {
  const { workspace_id } = useWorkspace();
  return useMayChange(workspace_id, scope === null ? "ORGANIZATION" : "WORKSPACE");
}
