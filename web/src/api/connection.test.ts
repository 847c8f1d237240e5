import { describe, expect, it } from "vitest";
import { connectionWords } from "./connection";
import type { ModelState } from "./model-states";

const state = (some: Partial<ModelState>): ModelState => ({
  model_id: "m",
  connected: false,
  reason: "ok",
  detail: "",
  missing_secrets: [],
  tested_at: null,
  latency_ms: null,
  shadowed_by: null,
  shadows: [],
  ...some,
});

describe("connectionWords", () => {
  it("says what the model says until its state is known", () => {
    expect(connectionWords({ connected: true })).toBe("Connected");
    expect(connectionWords({ connected: false })).toBe("Not connected");
    expect(connectionWords({ connected: null })).toBe("Not tested");
  });

  it("tells a key that nobody tried from one that nobody needs", () => {
    expect(connectionWords({ connected: true }, state({ reason: "untested", connected: true }))).toBe(
      "Key there, not tested",
    );
    expect(connectionWords({ connected: null }, state({ reason: "untested", connected: null }))).toBe(
      "Not tested",
    );
  });

  it("names the secret that is missing, and counts further ones", () => {
    const one = state({ reason: "missing_secret", missing_secrets: ["A_KEY"] });
    const two = state({ reason: "missing_secret", missing_secrets: ["A_KEY", "B_KEY"] });
    expect(connectionWords({ connected: false }, one)).toBe("A_KEY missing");
    expect(connectionWords({ connected: false }, two)).toBe("A_KEY and 1 more missing");
  });

  it("shows a reason that a newer haymow adds as it is", () => {
    const newer = state({ reason: "on_holiday" as ModelState["reason"] });
    expect(connectionWords({ connected: false }, newer)).toBe("on_holiday");
  });
});
