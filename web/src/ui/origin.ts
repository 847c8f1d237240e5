import type { Origin } from "../api/models";

const NAMES: Record<Origin, string> = {
  WORKSPACE: "Workspace",
  ORGANIZATION: "Organization",
  PLATFORM: "Platform",
};

const OWNERS: Record<Origin, string> = {
  WORKSPACE: "this workspace's",
  ORGANIZATION: "the organization's",
  PLATFORM: "the platform's",
};

/** Whose model it is, as a word. */
export function originName(origin: Origin | undefined): string {
  return NAMES[origin ?? "PLATFORM"];
}

/** The same inside a sentence: "hides the organization's". */
export function ownerOf(origin: Origin | undefined): string {
  return OWNERS[origin ?? "PLATFORM"];
}
