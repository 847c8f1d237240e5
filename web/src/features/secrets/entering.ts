import type { Schemas } from "../../api/client";
import type { Fault } from "../../api/problem";

type Provider = Schemas["Provider"];

/** The hosts that were typed, one to a line or with blanks or commas between them; null when there are none. */
export function hostsIn(text: string): string[] | null {
  const found = text.split(/[\s,]+/).filter(Boolean);
  return found.length > 0 ? found : null;
}

/** A host as people write it: the port of HTTPS goes without saying. */
export function hostWords(host: string): string {
  return host.replace(/:443$/, "");
}

/** Where a value may go when no hosts are given with it. */
export function whereItGoes(name: string, providers: readonly Provider[]): string {
  const usual = providers.find((one) => one.secret_names.includes(name));
  if (usual?.hosts.length) {
    return `Left empty, it may go to ${usual.provider}'s own: ${usual.hosts.map(hostWords).join(", ")}.`;
  }
  return "Left empty, it may go to the host of the first model that uses it, and from then on only there.";
}

/** What is wrong before anything is sent: what was typed into the value's field is gone once it was. */
export function faultsOf(name: string, value: string): Fault[] {
  const faults: Fault[] = [];
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(name)) {
    const message = "Use letters, digits and underscores, no digit first, at most 128 of them.";
    faults.push({ pointer: "#/name", code: "invalid_secret_name", message });
  }
  if (value === "") faults.push({ pointer: "#/secret", code: "empty_secret", message: "Enter the value." });
  return faults;
}

/** What is wrong in one field, or below it, in words; null when nothing is. */
export function faultAt(faults: readonly Fault[], pointer: string): string | null {
  const found = faults.filter((one) => one.pointer === pointer || one.pointer.startsWith(`${pointer}/`));
  return found.length > 0 ? found.map((one) => one.message).join(" ") : null;
}
