import { lazyRouteComponent } from "@tanstack/react-router";
import { asProblem } from "../api/problem";
import { isReachable, untilReachable } from "./reachable";

/**
 * A screen whose code is fetched when it is first opened. While haymow cannot be reached the screen before stays, with
 * all that was typed there. Code that is gone though haymow answers is of an older version: the router loads the page anew.
 */
export function screen<T extends Record<string, unknown>, Name extends keyof T & string>(
  load: () => Promise<T>,
  name: Name,
) {
  return lazyRouteComponent(() => patiently(load), name);
}

async function patiently<T>(load: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await load();
    } catch (error) {
      if (asProblem(error).code !== "unreachable" || (await isReachable())) throw error;
      await untilReachable();
    }
  }
}
