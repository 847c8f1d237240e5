import { useQueryClient } from "@tanstack/react-query";
import { type Dispatch, type SetStateAction, useCallback, useEffect, useRef, useState } from "react";
import { parseJson, printJson } from "../../api/json";
import { me } from "../../api/queries";

const PAUSE = 500;

interface Form<T> {
  initial: T;
  write?: (value: T) => unknown;
  read?: (kept: unknown) => T;
}

/**
 * State that survives a reload of this tab and nothing else: no server sees it, and no other tab. It is written twice
 * a second at most, and when the page is left. Signing out empties the store, after which nothing is written again.
 */
export function useKept<T>(name: string, form: Form<T>): [T, Dispatch<SetStateAction<T>>] {
  const user = useQueryClient().getQueryData(me.queryKey)?.user_id;
  const key = `haymow ${user} ${name}`;
  const [value, setValue] = useState(() => opened(key, form));
  const { latest, keep, flush } = useWriter(key, value, form.write);
  useEffect(() => {
    if (latest.current === value) return;
    latest.current = value;
    keep();
  }, [value, latest, keep]);
  useEffect(() => {
    window.addEventListener("pagehide", flush);
    return () => {
      window.removeEventListener("pagehide", flush);
      flush();
    };
  }, [flush]);
  return [value, setValue];
}

/** Writes the latest value: `keep` soon, `flush` at once if there is something to write. */
function useWriter<T>(key: string, value: T, write: (value: T) => unknown = (it) => it) {
  const latest = useRef(value);
  const timer = useRef<number | undefined>(undefined);
  const flush = useCallback(() => {
    if (timer.current === undefined) return;
    window.clearTimeout(timer.current);
    timer.current = undefined;
    if (window.sessionStorage.getItem(key) !== null) store(key, write(latest.current));
  }, [key, write]);
  const keep = useCallback(() => {
    timer.current ??= window.setTimeout(flush, PAUSE);
  }, [flush]);
  return { latest, keep, flush };
}

/** What was kept, else the beginning, which is kept from now on. */
function opened<T>(key: string, { initial, write, read }: Form<T>): T {
  try {
    const kept: unknown = parseJson(window.sessionStorage.getItem(key) ?? "null");
    if (kept !== null) return read ? read(kept) : (kept as T);
  } catch {
    // Something else wrote there: begin anew.
  }
  store(key, write ? write(initial) : initial);
  return initial;
}

/** A tab has room for some megabytes. What does not fit is not kept, and is still on the screen. */
function store(key: string, value: unknown): void {
  try {
    window.sessionStorage.setItem(key, printJson(value, 0));
  } catch {
    window.sessionStorage.setItem(key, "null");
  }
}
