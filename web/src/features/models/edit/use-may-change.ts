import type { ModelScope } from "../../../api/model-changes";
import { reaches, useRoleIn, useRoleInOrganization } from "../../../api/roles";
import { useWorkspace } from "../../../ui/workspace";

/** Whether the person may change models and secrets of a scope. It decides what is offered; the server decides. */
export function useMayChange(scope: ModelScope): boolean {
  const { workspace_id } = useWorkspace();
  const here = useRoleIn(workspace_id);
  const everywhere = useRoleInOrganization();
  return scope === null ? everywhere !== null && reaches(everywhere, "editor") : reaches(here, "editor");
}
