const KEY = "haymow.workspace";

/** Keeps in this browser which workspace was open. */
export function rememberWorkspace(name: string): void {
  try {
    localStorage.setItem(KEY, name);
  } catch {
    // A browser that keeps nothing opens the first workspace each time.
  }
}

/** The workspace that was open last, when it is still among these; else the first of them, or null. */
export function lastWorkspace(names: readonly string[]): string | null {
  const kept = stored();
  return kept !== null && names.includes(kept) ? kept : (names[0] ?? null);
}

function stored(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}
