import { describe, expect, test } from "vitest";
import { dayOf, endOf, expiryInWords, faultOf, isOver } from "./expiry";

const now = new Date(2026, 1, 27, 13, 30);

describe("the end of a token", () => {
  test("is some days from now, at the same time of day", () => {
    expect(endOf({ kind: "days", days: 7 }, now)).toBe(new Date(2026, 2, 6, 13, 30).toISOString());
  });

  test("is the last second of a date, where the person is", () => {
    expect(endOf({ kind: "date", date: "2026-03-01" }, now)).toBe(
      new Date(2026, 2, 1, 23, 59, 59).toISOString(),
    );
  });

  test("is none for one that never expires", () => {
    expect(endOf({ kind: "never" }, now)).toBeNull();
  });
});

describe("a date", () => {
  test("may be today", () => {
    expect(faultOf({ kind: "date", date: dayOf(now) }, now)).toBeNull();
  });

  test("may not be over, nor missing", () => {
    expect(faultOf({ kind: "date", date: "2026-02-26" }, now)).toMatch(/not over/);
    expect(faultOf({ kind: "date", date: "" }, now)).toMatch(/Give a date/);
  });
});

test("a token is over from the instant of its expiry on", () => {
  expect(isOver(null, now)).toBe(false);
  expect(isOver(now.toISOString(), now)).toBe(true);
  expect(isOver(new Date(now.getTime() + 1).toISOString(), now)).toBe(false);
});

test("an expiry is told by its day, and whether it is over", () => {
  expect(expiryInWords(null, now)).toBe("never");
  expect(expiryInWords(new Date(2026, 10, 3, 12).toISOString(), now)).toBe("3 Nov 2026");
  expect(expiryInWords(new Date(2026, 0, 3, 12).toISOString(), now)).toBe("expired on 3 Jan 2026");
});
