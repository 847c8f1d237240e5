import { memo } from "react";

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_557_600],
  ["month", 2_629_800],
  ["week", 604_800],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];
/** Made when the first one is shown: the browser takes long for it, and the first screen is on its way. */
let made: { words: Intl.RelativeTimeFormat; exact: Intl.DateTimeFormat } | undefined;

function formats() {
  made ??= {
    words: new Intl.RelativeTimeFormat("en", { numeric: "auto" }),
    exact: new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "long" }),
  };
  return made;
}

/** How long ago an instant was, in words; "just now" within a minute, whichever clock is ahead. */
export function agoOf(instant: string, now: number): string {
  const seconds = Math.round((Date.parse(instant) - now) / 1000);
  for (const [unit, size] of STEPS) {
    if (Math.abs(seconds) >= size) return formats().words.format(Math.trunc(seconds / size), unit);
  }
  return "just now";
}

/** The same as text, with the exact time for who rests on it. A bare element: lists have hundreds of them. */
export const Ago = memo(function Ago({ at }: { at: string }) {
  return (
    <time dateTime={at} title={formats().exact.format(new Date(at))}>
      {agoOf(at, Date.now())}
    </time>
  );
});
