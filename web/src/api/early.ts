import { prefix } from "./place";
import type { paths } from "./schema";

/** What every screen of somebody who is signed in asks for first. */
const FIRST = ["/api/v2/me", "/api/v1/workspaces"] as const satisfies readonly (keyof paths)[];

/** Where such screens are. Elsewhere nobody would take the answers. */
const SCREENS = /^\/($|w\/|settings\/)/;

/** By address. */
const asked = new Map<string, Promise<Response>>();

// While the page's code is still on its way: the build makes of this file a script of its own, before all others.
if (SCREENS.test(window.location.pathname.slice(prefix.length))) askEarly();

/** The answer that was asked for early, the first time; else the one to this request, asked now. */
export function answerTo(request: Request): Promise<Response> {
  const early = request.method === "GET" ? asked.get(request.url) : undefined;
  asked.delete(request.url);
  return early ?? fetch(request);
}

function askEarly(): void {
  for (const path of FIRST) {
    const answer = fetch(prefix + path);
    // Whoever takes it hears of it.
    answer.catch(() => undefined);
    asked.set(new URL(prefix + path, window.location.origin).href, answer);
  }
}
