/** How long a token is to work: some days, until the end of a day, or without an end. */
export type Expiry = { kind: "days"; days: number } | { kind: "date"; date: string } | { kind: "never" };

/** The choices that are offered, by the value that stands for each. */
export const EXPIRIES: readonly { value: string; label: string; expiry: Expiry }[] = [
  { value: "7", label: "7 days", expiry: { kind: "days", days: 7 } },
  { value: "30", label: "30 days", expiry: { kind: "days", days: 30 } },
  { value: "90", label: "90 days", expiry: { kind: "days", days: 90 } },
  { value: "365", label: "1 year", expiry: { kind: "days", days: 365 } },
  { value: "date", label: "Until a date", expiry: { kind: "date", date: "" } },
  { value: "never", label: "No expiry", expiry: { kind: "never" } },
];

/** The instant when it ends, null for never. A date is kept to its last second, where the person is. */
export function endOf(expiry: Expiry, now: Date): string | null {
  if (expiry.kind === "never") return null;
  const end = expiry.kind === "days" ? afterDays(now, expiry.days) : new Date(`${expiry.date}T23:59:59`);
  return end.toISOString();
}

/** What is wrong with it, in words; null when it can be asked for. */
export function faultOf(expiry: Expiry, now: Date): string | null {
  if (expiry.kind !== "date") return null;
  const end = new Date(`${expiry.date}T23:59:59`);
  if (Number.isNaN(end.getTime())) return "Give a date.";
  return end <= now ? "Give a date that is not over yet." : null;
}

/** Whether it is over: a token that expired is listed until it is revoked. */
export function isOver(expiresAt: string | null, now: Date): boolean {
  return expiresAt !== null && Date.parse(expiresAt) <= now.getTime();
}

/** When a token expires, in words: "never", "27 Nov 2026", "expired on 27 Nov 2026". */
export function expiryInWords(expiresAt: string | null, now: Date): string {
  if (expiresAt === null) return "never";
  const day = days.format(new Date(expiresAt));
  return isOver(expiresAt, now) ? `expired on ${day}` : day;
}

const days = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium" });

/** The day, as a date field has it. */
export function dayOf(moment: Date): string {
  const two = (figure: number): string => String(figure).padStart(2, "0");
  return `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`;
}

function afterDays(now: Date, days: number): Date {
  const end = new Date(now);
  end.setDate(end.getDate() + days);
  return end;
}
