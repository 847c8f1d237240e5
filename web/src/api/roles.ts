import type { Me, Schemas } from "./client";

export type Role = Me["role"];
export type Member = Schemas["Member"];

/** The roles, the least first: each may all that the one before it may. */
export const ROLES: readonly Role[] = ["user", "editor", "admin"];

const RANKS: Record<Role, number> = { user: 1, editor: 2, admin: 3 };

/** Whether a role allows what needs at least `needed`; null is no role. */
export function reaches(role: Role | null, needed: Role): boolean {
  return role !== null && RANKS[role] >= RANKS[needed];
}

/**
 * The role in a workspace: administrators of the organization are in all of its; others are what they are there. Who
 * sees a workspace and is no member of it is an administrator with a token that leaves less.
 */
export function roleIn(person: Me, members: readonly Member[]): Role {
  if (person.workspace_id !== null || person.role === "admin") return person.role;
  return members.find((one) => one.user_id === person.user_id)?.role ?? person.role;
}

/** Whether the person may manage the organization's workspaces and people: with a token of one workspace nobody may. */
export function managesOrganization(person: Me): boolean {
  return person.role === "admin" && person.workspace_id === null;
}

/** A person's name as it is shown. */
export function nameOf(person: { given_name: string; family_name: string }): string {
  return `${person.given_name} ${person.family_name}`;
}
