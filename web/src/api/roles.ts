import type { Me, Schemas } from "./client";

export type Role = Me["role"];
export type Member = Schemas["Member"];

const RANKS: Record<Role, number> = { user: 1, editor: 2, admin: 3 };

/** Whether a role allows what needs at least `needed`. */
export function reaches(role: Role, needed: Role): boolean {
  return RANKS[role] >= RANKS[needed];
}

/** The role in a workspace: administrators of the organization are in all of its; others are what they are there. */
export function roleIn(person: Me, members: readonly Member[]): Role {
  if (person.workspace_id !== null || person.role === "admin") return person.role;
  return members.find((one) => one.user_id === person.user_id)?.role ?? "user";
}
