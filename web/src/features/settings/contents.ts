/** What a workspace has of its own. */
export interface Contents {
  models: number;
  modelNames: string[];
  secrets: number;
  /** There are more secrets than were counted. */
  moreSecrets: boolean;
}

/** Whether its deletion takes nothing along. */
export function isEmpty(contents: Contents): boolean {
  return contents.models === 0 && contents.secrets === 0;
}

/** How much it is: "3 models and 1 secret". */
export function wordsOf({ models, secrets, moreSecrets }: Contents): string {
  const parts = [
    models > 0 && counted(models, "model"),
    secrets > 0 && (moreSecrets ? `more than ${counted(secrets, "secret")}` : counted(secrets, "secret")),
  ];
  const words = parts.filter((part) => part !== false).join(" and ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? "" : "s"}`;
}
