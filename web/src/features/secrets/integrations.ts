import type { Schemas } from "../../api/client";
import type { Secret } from "../../api/secrets";

type Provider = Schemas["Provider"];

/** A provider with those of its usual secrets that the organization has, and the names of the others. */
export interface Integration {
  provider: Provider;
  entered: Secret[];
  missing: string[];
}

/** The integrations that match what was typed, those with a secret first. */
export function integrationsOf(
  providers: readonly Provider[],
  secrets: readonly Secret[],
  typed: string,
): Integration[] {
  const byName = new Map(secrets.map((one) => [one.name, one]));
  const wanted = typed.trim().toLowerCase();
  return providers
    .filter((one) => one.secret_names.length > 0)
    .filter((one) => [one.provider, ...one.secret_names].some((text) => text.toLowerCase().includes(wanted)))
    .map((one) => integrationOf(one, byName))
    .sort((a, b) => Number(b.entered.length > 0) - Number(a.entered.length > 0));
}

function integrationOf(provider: Provider, byName: ReadonlyMap<string, Secret>): Integration {
  const entered = provider.secret_names.flatMap((name) => byName.get(name) ?? []);
  return { provider, entered, missing: provider.secret_names.filter((name) => !byName.has(name)) };
}
