import { expect, test } from "vitest";
import { faultAt, faultsOf, hostsIn, hostWords, whereItGoes } from "./entering";

test("hosts are told apart by lines, blanks and commas", () => {
  expect(hostsIn("api.example.com, other.example\n  *.third.example ")).toEqual([
    "api.example.com",
    "other.example",
    "*.third.example",
  ]);
});

test("no host at all leaves them to the server", () => {
  expect(hostsIn(" \n")).toBeNull();
});

test("only the port of HTTPS is left unsaid", () => {
  expect(hostWords("api.example.com:443")).toBe("api.example.com");
  expect(hostWords("api.example.com:8443")).toBe("api.example.com:8443");
  expect(hostWords("http://127.0.0.1:8000")).toBe("http://127.0.0.1:8000");
});

test("a provider's usual name goes to its own hosts, any other to the first that uses it", () => {
  const openai = {
    provider: "openai",
    generators: [],
    secret_names: ["OPENAI_API_KEY"],
    hosts: ["api.openai.com:443"],
  };
  expect(whereItGoes("OPENAI_API_KEY", [openai])).toContain("openai's own: api.openai.com.");
  expect(whereItGoes("OTHER", [openai])).toContain("first model that uses it");
});

test("a name that no definition can hold and an empty value are found before anything is sent", () => {
  expect(faultsOf("2ND_KEY", "").map((fault) => fault.pointer)).toEqual(["#/name", "#/secret"]);
  expect(faultsOf("KEY_2", "value")).toEqual([]);
  expect(faultsOf("K".repeat(129), "value")).toHaveLength(1);
});

test("a fault below a field is the field's", () => {
  const faults = [{ pointer: "#/hosts/1", code: "invalid_host", message: "No host." }];
  expect(faultAt(faults, "#/hosts")).toBe("No host.");
  expect(faultAt(faults, "#/secret")).toBeNull();
});
