import { queryOptions, useSuspenseQuery } from "@tanstack/react-query";
import { client, read, type Schemas } from "./client";
import type { Origin } from "./models";
import { me } from "./queries";
import { type Role, reaches, roleIn } from "./roles";

type MemberList = Schemas["MemberList"];

/** So many are fetched, a thousand at a time; the page says when there are more. */
const MOST_LISTED = 5_000;

/** The people who are members of a workspace by e-mail address, with their roles in it. */
export const workspaceMembers = (workspaceId: string) =>
  queryOptions({
    queryKey: ["members", workspaceId],
    queryFn: ({ signal }) =>
      wholeList((after) => {
        const params = { path: { workspace_id: workspaceId }, query: { after } };
        return read(client.GET("/api/v2/workspaces/{workspace_id}/members", { params, signal }));
      }),
    staleTime: 30_000,
  });

/** Everyone in the organization, with their roles in it. */
export const people = queryOptions({
  queryKey: ["members", "organization"],
  queryFn: ({ signal }) =>
    wholeList((after) => read(client.GET("/api/v2/members", { params: { query: { after } }, signal }))),
  staleTime: 30_000,
});

/** All parts of a list as one: one's own role, and who has a token, may be in any of them. */
async function wholeList(part: (after?: string) => Promise<MemberList>): Promise<MemberList> {
  let page = await part();
  const data = [...page.data];
  while (page.next_cursor && data.length < MOST_LISTED) {
    page = await part(page.next_cursor);
    data.push(...page.data);
  }
  return { ...page, data };
}

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
