import { useEffect } from "react";

/** Escape does this, unless it closes a list or a dialog. */
export function useEscape(isWanted: boolean, act: () => void): void {
  useEffect(() => {
    if (!isWanted) return;
    const listen = (event: KeyboardEvent): void => {
      if (event.key === "Escape" && !isClosing(event.target)) act();
    };
    // Before a list closes, while it still can be seen that it is open.
    window.addEventListener("keydown", listen, true);
    return () => window.removeEventListener("keydown", listen, true);
  }, [isWanted, act]);
}

function isClosing(target: EventTarget | null): boolean {
  if (!(target instanceof Element)) return false;
  return (
    target.closest(
      '[role="dialog"], [role="combobox"][aria-expanded="true"], [aria-expanded="true"][aria-haspopup]',
    ) !== null
  );
}
