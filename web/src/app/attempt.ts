import { asProblem } from "../api/problem";

let last: { proof: string; key: string } | null = null;

/**
 * What `send` is answered, with an Idempotency-Key for all that is sent by this proof until an answer came. A link works
 * once: with another key, whoever comes again because the answer was lost would be refused.
 */
export async function attempted<T>(proof: string, send: (key: string) => Promise<T>): Promise<T> {
  if (last?.proof !== proof) last = { proof, key: newKey() };
  const { key } = last;
  try {
    const answer = await send(key).catch((error: unknown) => {
      if (asProblem(error).code !== "unreachable") throw error;
      return send(key);
    });
    last = null;
    return answer;
  } catch (error) {
    if (wasRefused(error)) last = null;
    throw error;
  }
}

/** Whether nothing was done; else it may have been. */
function wasRefused(error: unknown): boolean {
  const { status } = asProblem(error);
  return status >= 400 && status < 500;
}

/** A random UUID. `crypto.randomUUID` is not there where the page came by plain HTTP from another machine. */
function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
