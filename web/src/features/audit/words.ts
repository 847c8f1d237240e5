import type { AuditRecord } from "../../api/audit";

/** What each action did, to be followed by the name of the thing. */
const ACTIONS: Record<string, string> = {
  "model.create": "created the model",
  "model.update": "changed the model",
  "model.delete": "deleted the model",
  "model.restore": "restored the model",
  "secret.create": "entered the secret",
  "secret.replace": "entered a new value for the secret",
  "secret.bind": "first used, and so bound to its host, the secret",
  "secret.delete": "deleted the secret",
  "member.create": "added",
  "member.update": "gave a role to",
  "member.delete": "removed",
  "token.create": "made the API token",
  "token.delete": "revoked the API token",
  "session.create": "began a session with",
  "session.delete": "ended a session with",
  "link.create": "made the sign-in link",
  "workspace.create": "created the workspace",
  "workspace.delete": "deleted the workspace",
  "organization.create": "set up the organization",
};

/** What was done, in words; an action that this page does not know stays as the record has it. */
export function wordsOf(action: string): string {
  return ACTIONS[action] ?? action;
}

const FIELDS: Record<string, string> = {
  chat_generator_config: "definition",
  generation_kwargs: "parameters",
  secret: "value",
};

/** The fields that changed, by the names that this page has for them. */
export function fieldsOf(changes: readonly string[]): string {
  return changes.map((field) => FIELDS[field] ?? field).join(", ");
}

/** Who did it: by name, when anybody knows it. */
export function authorOf({ user, user_id }: AuditRecord): string {
  return user ? `${user.given_name} ${user.family_name}` : user_id;
}

/** From where it was done: a call has a token and an address, what happens on the machine itself has neither. */
export function wayOf({ token_id, source }: AuditRecord): string {
  if (token_id !== null) return source;
  return source === "command line" ? "operator at the command line" : `haymow itself, at its ${source}`;
}

const KINDS = [
  ["model", "models"],
  ["secret", "secrets"],
  ["member", "people"],
  ["token", "API tokens"],
  ["session", "sessions"],
  ["workspace", "workspaces"],
] as const;

/** What stands for the name after actions that need one to be understood. */
const WITHOUT_NAME: Record<string, string> = { member: " a person", session: " a token" };

/** What can be chosen to be shown: a kind of thing with all that is done to it, or one action. */
export function choicesOfActions(): { group: string; items: { value: string; label: string }[] }[] {
  return KINDS.map(([kind, words]) => ({
    group: words,
    items: [
      { value: kind, label: `everything about ${words}` },
      ...Object.entries(ACTIONS)
        .filter(([action]) => action.startsWith(`${kind}.`))
        .map(([value, words]) => ({ value, label: `${words}${WITHOUT_NAME[kind] ?? ""}` })),
    ],
  }));
}
