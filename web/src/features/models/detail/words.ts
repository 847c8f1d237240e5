import type { Revision } from "../../../api/models";

const FIELDS: Record<string, string> = {
  name: "name",
  provider: "provider",
  chat_generator_config: "configuration",
  generation_kwargs: "parameters",
};

/** What a revision did: "Changed name and parameters". */
export function changeWords({ change, changes, restored_from }: Revision): string {
  if (change === "create") return "Created";
  if (change === "delete") return "Deleted";
  if (change === "restore") return restored_from === null ? "Restored" : `Restored ${restored_from}`;
  return `Changed ${listed(changes.map((field) => FIELDS[field] ?? field))}`;
}

function listed(words: string[]): string {
  if (words.length < 2) return words[0] ?? "";
  return `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}
