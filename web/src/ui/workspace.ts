import { useSuspenseQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import type { Workspace } from "../api/client";
import { Problem } from "../api/problem";
import { workspaces } from "../api/queries";

/** The name of the workspace that the address names, else of the first one; null when there is none. */
export function useCurrentWorkspaceName(): string | null {
  const { workspace } = useParams({ strict: false });
  const { data } = useSuspenseQuery(workspaces);
  return workspace ?? data[0]?.name ?? null;
}

/** The workspace that the address names. */
export function useWorkspace(): Workspace {
  const { workspace: name } = useParams({ strict: false });
  const { data } = useSuspenseQuery(workspaces);
  const found = data.find((one) => one.name === name);
  if (!found)
    throw new Problem(404, "workspace_not_found", `There is no workspace ${name} that you may see.`);
  return found;
}
