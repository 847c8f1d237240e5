import type { Model } from "../../api/client";

/** The names of the secrets that a definition speaks of, wherever in it. */
export function neededSecrets(model: Pick<Model, "chat_generator_config"> | null): string[] {
  const found = new Set<string>();
  collect(model?.chat_generator_config, found);
  // The longest first: a name may begin like another.
  return [...found].sort((one, other) => other.length - one.length);
}

function collect(part: unknown, found: Set<string>): void {
  if (typeof part !== "object" || part === null) return;
  const { type, env_vars: names } = part as { type?: unknown; env_vars?: unknown };
  if (type === "env_var" && Array.isArray(names)) for (const name of names) found.add(String(name));
  for (const inner of Object.values(part)) collect(inner, found);
}
