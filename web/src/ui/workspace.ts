import { useSuspenseQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import type { Workspace } from "../api/client";
import { Problem } from "../api/problem";
import { workspaces } from "../api/queries";
import { lastWorkspace } from "./last-workspace";

/** The name of the workspace that the address names, else of the one that was open last; null when there is none. */
export function useCurrentWorkspaceName(): string | null {
  const { workspace } = useParams({ strict: false });
  const { data } = useSuspenseQuery(workspaces);
  const names = data.map((one) => one.name);
  return workspace !== undefined && names.includes(workspace) ? workspace : lastWorkspace(names);
}

/** The workspace that the address names. */
export function useWorkspace(): Workspace {
  const { workspace: name } = useParams({ strict: false });
  const { data } = useSuspenseQuery(workspaces);
  const found = data.find((one) => one.name === name);
  if (!found) throw noWorkspace(name ?? "");
  return found;
}

/** What is said of a workspace that is not there, or that the person may not see. */
export function noWorkspace(name: string): Problem {
  return new Problem(404, "workspace_not_found", `There is no workspace ${name} that you may see.`);
}
