import type { Model } from "./client";
import type { ModelState } from "./model-states";

/** How a connection is to be read: it works, it does not, or nobody knows yet. */
export type Standing = "connected" | "disconnected" | "unknown";

const WORDS: Record<Exclude<ModelState["reason"], "ok" | "untested" | "missing_secret">, string> = {
  not_installed: "Generator not installed",
  invalid_credentials: "Key refused",
  model_not_found: "Model not found there",
  unreachable: "Cannot be reached",
  blocked_by_policy: "Blocked by policy",
  rate_limited: "Rate or quota limit",
  timeout: "No answer in time",
  incompatible: "Definition does not fit",
};

/** What is said of a model's connection; of a state that is not known yet, what the model itself says. */
export function connectionWords(model: Pick<Model, "connected">, state?: ModelState): string {
  if (!state) return { true: "Connected", false: "Not connected", null: "Not tested" }[`${model.connected}`];
  if (state.reason === "ok") return "Connected";
  if (state.reason === "untested") return state.connected ? "Key there, not tested" : "Not tested";
  if (state.reason === "missing_secret") return missing(state.missing_secrets);
  return WORDS[state.reason] ?? state.reason;
}

/** How it stands, for the eye. */
export function standingOf(connected: boolean | null): Standing {
  return connected === null ? "unknown" : connected ? "connected" : "disconnected";
}

function missing(names: string[]): string {
  const [first, ...others] = names;
  if (first === undefined) return "Secret missing";
  return others.length === 0 ? `${first} missing` : `${first} and ${others.length} more missing`;
}
