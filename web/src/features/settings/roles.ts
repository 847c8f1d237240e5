import { ROLES, type Role } from "../../api/roles";

/** What a role may do in the organization, and thereby in its own things. */
export const IN_ORGANIZATION: Record<Role, string> = {
  user: "Reads the organization's models and the names of its secrets.",
  editor: "Also changes the organization's models and secrets.",
  admin: "Everything, in every workspace: people, workspaces and everyone's tokens too.",
};

/** What a role may do in one workspace. */
export const IN_WORKSPACE: Record<Role, string> = {
  user: "Reads the models and chats with them.",
  editor: "Also changes models and secrets, tests connections, reads the audit.",
  admin: "Also manages the members, and parameters that only administrators set.",
};

/** What a token may do at the most. */
export const OF_TOKEN: Record<Role, string> = {
  user: "Reads models and chats with them: enough for an application.",
  editor: "Also changes models and secrets.",
  admin: "All that its owner may.",
};

/** The roles up to one: nobody gives more than they have. */
export function rolesUpTo(most: Role): Role[] {
  return ROLES.slice(0, ROLES.indexOf(most) + 1);
}
