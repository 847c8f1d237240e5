const ASK_AGAIN_MS = 3_000;

let back: Promise<void> | null = null;
const listeners = new Set<() => void>();

/** Whether somebody found that haymow does not answer, and it has not answered since. */
export function isLost(): boolean {
  return back !== null;
}

/** Tells when that changes. */
export function onLostOrBack(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Whether haymow answers now. */
export async function isReachable(): Promise<boolean> {
  try {
    return (await fetch("/healthz", { cache: "no-store" })).ok;
  } catch {
    return false;
  }
}

/** Resolves when haymow answers again. Whoever found that it does not asks for this; all wait together. */
export function untilReachable(): Promise<void> {
  if (back === null) {
    back = untilAnswered().then(() => {
      back = null;
      tell();
    });
    tell();
  }
  return back;
}

async function untilAnswered(): Promise<void> {
  do await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
  while (!(await isReachable()));
}

function tell(): void {
  for (const listener of listeners) listener();
}
