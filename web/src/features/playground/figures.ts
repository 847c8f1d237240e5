import type { Answer } from "./answer";

/** What an answer took. Null is not known, or not yet. Times in milliseconds, speed in tokens per second. */
export interface Figures {
  firstToken: number | null;
  speed: number | null;
  prompt: number | null;
  completion: number | null;
  total: number | null;
  time: number | null;
}

export function figuresOf(answer: Answer): Figures {
  const { usage, askedAt, firstAt, endedAt } = answer;
  return {
    firstToken: firstAt === null ? null : firstAt - askedAt,
    speed: speedOf(answer),
    prompt: usage?.prompt_tokens ?? null,
    completion: usage?.completion_tokens ?? null,
    total: usage?.total_tokens ?? null,
    time: endedAt === null ? null : endedAt - askedAt,
  };
}

/** What came within fewer milliseconds came at once, and was cut up by what is in between. */
const AT_ONCE = 20;

/**
 * Tokens after the first, by the time they took: the wait for the first is a figure of its own. Thoughts that were
 * counted and not sent came before it.
 */
function speedOf({ usage, thoughts, firstAt, lastAt }: Answer): number | null {
  if (usage === null || firstAt === null || lastAt === null || lastAt - firstAt < AT_ONCE) return null;
  const hidden = thoughts ? 0 : (usage.completion_tokens_details?.reasoning_tokens ?? 0);
  const tokens = usage.completion_tokens - hidden - 1;
  return tokens > 0 ? (tokens * 1000) / (lastAt - firstAt) : null;
}

/** Milliseconds below a second, else seconds. */
export function inTime(milliseconds: number): string {
  const whole = Math.round(milliseconds);
  return whole < 1000 ? `${whole} ms` : `${(milliseconds / 1000).toFixed(2)} s`;
}
