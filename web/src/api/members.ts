import { queryOptions, useSuspenseQuery } from "@tanstack/react-query";
import { client, read } from "./client";
import type { Origin } from "./models";
import { me } from "./queries";
import { type Role, reaches, roleIn } from "./roles";

/** The people who are members of a workspace by name, with their roles in it. */
export const workspaceMembers = (workspaceId: string) =>
  queryOptions({
    queryKey: ["members", workspaceId],
    queryFn: () =>
      read(
        client.GET("/api/v2/workspaces/{workspace_id}/members", {
          params: { path: { workspace_id: workspaceId } },
        }),
      ),
    staleTime: 30_000,
  });

/** Everyone in the organization, with their roles in it. */
export const people = queryOptions({
  queryKey: ["members", "organization"],
  queryFn: () => read(client.GET("/api/v2/members")),
  staleTime: 30_000,
});

/** The signed-in person's role in a workspace. It only decides what is offered: the server decides what is done. */
export function useRoleIn(workspaceId: string): Role {
  const { data: person } = useSuspenseQuery(me);
  const { data: members } = useSuspenseQuery(workspaceMembers(workspaceId));
  return roleIn(person, members.data);
}

/** The role in the organization's own things; null for a session that is for one workspace. */
export function useRoleInOrganization(): Role | null {
  const { data: person } = useSuspenseQuery(me);
  return person.workspace_id === null ? person.role : null;
}

/** Whether somebody may change a model of this origin. The organization's are changed by its own editors. */
export function useMayChange(workspaceId: string, origin: Origin): boolean {
  const here = useRoleIn(workspaceId);
  const everywhere = useRoleInOrganization();
  if (origin === "PLATFORM") return false;
  return reaches(origin === "WORKSPACE" ? here : everywhere, "editor");
}
