import { describe, expect, it } from "vitest";
import type { Revision } from "../../../api/models";
import { changeWords } from "./words";

const words = (some: Partial<Revision>) =>
  changeWords({ changes: [], restored_from: null, ...some } as Revision);

describe("changeWords", () => {
  it("says what a revision did", () => {
    expect(words({ change: "create", changes: ["name", "provider"] })).toBe("Created");
    expect(words({ change: "delete" })).toBe("Deleted");
    expect(words({ change: "restore", restored_from: 2 })).toBe("Restored 2");
  });

  it("names the fields as a person calls them", () => {
    expect(words({ change: "update", changes: ["chat_generator_config"] })).toBe("Changed configuration");
    expect(words({ change: "update", changes: ["name", "provider", "generation_kwargs"] })).toBe(
      "Changed name, provider and parameters",
    );
    expect(words({ change: "update", changes: ["a_newer_field"] })).toBe("Changed a_newer_field");
  });
});
