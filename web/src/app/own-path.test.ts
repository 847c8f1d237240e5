import { expect, test } from "vitest";
import { ownPath } from "./own-path";

const origin = "http://haymow.example:8000";

test("an address of the page is kept whole", () => {
  expect(ownPath("/w/team%20a/models?q=gpt&sort=-name#x", origin)).toBe(
    "/w/team%20a/models?q=gpt&sort=-name#x",
  );
  expect(ownPath("/", origin)).toBe("/");
});

test.each([
  "https://elsewhere.example/",
  "//elsewhere.example/",
  "/\\elsewhere.example/",
  "/\t/elsewhere.example/",
  "/.//elsewhere.example/",
  "/x/..//elsewhere.example/",
  "javascript:alert(1)",
  "w/team",
  "",
  undefined,
  7,
])("%j leads nowhere", (address) => {
  expect(ownPath(address, origin)).toBeNull();
});

test("the sign-in does not lead to itself", () => {
  expect(ownPath("/sign-in?next=/sign-in", origin)).toBeNull();
});
