import { expect, test } from "vitest";
import type { Me } from "./client";
import { type Member, managesOrganization, reaches, roleIn } from "./roles";

const ada = { user_id: "ada", role: "user", workspace_id: null } as Me;
const member = { user_id: "ada", role: "editor" } as Member;

test("a higher role reaches what a lower one does", () => {
  expect(reaches("admin", "editor")).toBe(true);
  expect(reaches("editor", "editor")).toBe(true);
  expect(reaches("user", "editor")).toBe(false);
});

test("an administrator of the organization is one in every workspace", () => {
  expect(roleIn({ ...ada, role: "admin" }, [])).toBe("admin");
});

test("everyone else has the role of their membership, whatever they are in the organization", () => {
  expect(roleIn(ada, [member])).toBe("editor");
});

test("an administrator whose token leaves less is no member, and has what the token leaves", () => {
  expect(roleIn({ ...ada, role: "editor" }, [])).toBe("editor");
});

test("a session for one workspace says its role there itself", () => {
  expect(roleIn({ ...ada, role: "user", workspace_id: "w" }, [member])).toBe("user");
});

test("only an administrator whose token is for all workspaces manages the organization", () => {
  expect(managesOrganization({ ...ada, role: "admin" })).toBe(true);
  expect(managesOrganization({ ...ada, role: "admin", workspace_id: "w" })).toBe(false);
  expect(managesOrganization({ ...ada, role: "editor" })).toBe(false);
});
