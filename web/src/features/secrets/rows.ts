import type { Secret } from "../../api/secrets";
import type { SecretsSearch } from "./search";

/** The secrets whose name or host holds what was typed, in the order asked for. */
export function rowsOf(secrets: readonly Secret[], search: SecretsSearch): Secret[] {
  const wanted = (search.q ?? "").trim().toLowerCase();
  const found = secrets.filter((one) =>
    [one.name, ...(one.hosts ?? [])].some((text) => text.toLowerCase().includes(wanted)),
  );
  const field = search.sort?.endsWith("updated_at") ? "updated_at" : "name";
  const direction = search.sort?.startsWith("-") ? -1 : 1;
  return found.sort((a, b) => direction * a[field].localeCompare(b[field], "en"));
}

/** The names that both a workspace and the organization have a secret of: there the workspace's is used. */
export function hiddenNames(secrets: readonly Secret[]): ReadonlySet<string> {
  const own = new Set(secrets.filter((one) => one.origin === "WORKSPACE").map((one) => one.name));
  return new Set(
    secrets.filter((one) => one.origin === "ORGANIZATION" && own.has(one.name)).map((one) => one.name),
  );
}
