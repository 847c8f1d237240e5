import { afterEach, beforeEach, expect, test, vi } from "vitest";

const ORIGIN = "http://haymow.test";
let asked: string[] = [];

beforeEach(() => {
  asked = [];
  vi.resetModules();
  vi.stubGlobal("fetch", async (input: string | Request) => {
    asked.push(typeof input === "string" ? input : input.url);
    return new Response("ok");
  });
});

afterEach(() => vi.unstubAllGlobals());

async function loadedAt(pathname: string, prefix = "__PREFIX__") {
  vi.stubGlobal("document", { querySelector: () => ({ getAttribute: () => prefix }) });
  vi.stubGlobal("window", { location: { pathname, origin: ORIGIN } });
  return await import("./early");
}

test("who is there is asked once: the first who wants to know gets that answer, the next one a new one", async () => {
  const { answerTo } = await loadedAt("/w/default/models");
  expect(asked).toEqual(["/api/v2/me", "/api/v1/workspaces"]);
  await answerTo(new Request(`${ORIGIN}/api/v2/me`));
  expect(asked).toHaveLength(2);
  await answerTo(new Request(`${ORIGIN}/api/v2/me`));
  expect(asked.slice(2)).toEqual([`${ORIGIN}/api/v2/me`]);
});

test("below a prefix it is asked below it", async () => {
  const { answerTo } = await loadedAt("/tools/w/default/models", "/tools");
  expect(asked).toEqual(["/tools/api/v2/me", "/tools/api/v1/workspaces"]);
  await answerTo(new Request(`${ORIGIN}/tools/api/v2/me`));
  expect(asked).toHaveLength(2);
});

test("what changes something is never answered by what was read before", async () => {
  const { answerTo } = await loadedAt("/");
  await answerTo(new Request(`${ORIGIN}/api/v1/workspaces`, { method: "POST" }));
  expect(asked.slice(2)).toEqual([`${ORIGIN}/api/v1/workspaces`]);
  await answerTo(new Request(`${ORIGIN}/api/v1/workspaces`));
  expect(asked).toHaveLength(4);
});

test.each(["/sign-in", "/nothing/here", "/welcome"])(
  "at %s nobody would take the answers",
  async (pathname) => {
    await loadedAt(pathname);
    expect(asked).toEqual([]);
  },
);

test.each(["/", "/w/default/models", "/settings/tokens"])("at %s they are asked for", async (pathname) => {
  await loadedAt(pathname);
  expect(asked).toHaveLength(2);
});
