import { queryOptions, useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { client, type Me, read } from "../api/client";
import type { Origin } from "../api/models";
import { me } from "../api/queries";

export type Role = Me["role"];

const RANKS: Record<Role, number> = { user: 1, editor: 2, admin: 3 };

/** What somebody may do in a workspace. Null while it is not known: offer nothing that may be refused. */
export function useRole(workspaceId: string): Role | null {
  const { data } = useSuspenseQuery(me);
  const isKnown = data.role === "admin" || data.workspace_id !== null;
  const membership = useQuery({ ...ownMembership(workspaceId, data.user_id), enabled: !isKnown });
  if (isKnown) return data.role;
  // Who sees a workspace and is no member of it is an administrator with a token that leaves less.
  return membership.isSuccess ? (membership.data ?? data.role) : null;
}

/** Whether a role is at least another. */
export function reaches(role: Role | null, needed: Role): boolean {
  return role !== null && RANKS[role] >= RANKS[needed];
}

/** The role among a workspace's members; null for who is none. */
const ownMembership = (workspaceId: string, userId: string) =>
  queryOptions({
    queryKey: ["members", workspaceId, "own", userId] as const,
    queryFn: async (): Promise<Role | null> => {
      const { data } = await read(
        client.GET("/api/v2/workspaces/{workspace_id}/members", {
          params: { path: { workspace_id: workspaceId } },
        }),
      );
      return data.find((member) => member.user_id === userId)?.role ?? null;
    },
    staleTime: 60_000,
  });

/** Whether somebody may change a model of this origin. The organization's are changed by its own editors. */
export function useMayChange(workspaceId: string, origin: Origin): boolean {
  const { data } = useSuspenseQuery(me);
  const role = useRole(workspaceId);
  if (origin === "PLATFORM") return false;
  if (origin === "WORKSPACE") return reaches(role, "editor");
  return data.workspace_id === null && reaches(data.role, "editor");
}
