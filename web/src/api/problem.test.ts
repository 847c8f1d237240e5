import { describe, expect, it } from "vitest";
import { problemOf } from "./problem";

const answer = (status: number, headers: Record<string, string> = {}) =>
  new Response(null, { status, headers });

describe("problemOf", () => {
  it("reads haymow's problems with every fault", () => {
    const problem = problemOf(answer(422), {
      code: "invalid_model",
      detail: "The model configuration is invalid.",
      request_id: "r1",
      details: [{ pointer: "#/name", code: "required", message: "This is required." }],
    });
    expect(problem).toMatchObject({ status: 422, code: "invalid_model", requestId: "r1" });
    expect(problem.faults).toEqual([{ pointer: "#/name", code: "required", message: "This is required." }]);
  });

  it("says in how many seconds to try again, and nothing of a date", () => {
    expect(problemOf(answer(429, { "retry-after": "42" }), {}).retryAfter).toBe(42);
    expect(
      problemOf(answer(429, { "retry-after": "Wed, 21 Oct 2026 07:28:00 GMT" }), {}).retryAfter,
    ).toBeNull();
    expect(problemOf(answer(404), {}).retryAfter).toBeNull();
  });

  it("tells which parameter of a chat is refused, as a pointer", () => {
    const error = { message: "At most 2.", param: "messages[0].content", code: "invalid" };
    expect(problemOf(answer(400), { error }).faults).toEqual([
      { pointer: "#/messages/0/content", code: "invalid", message: "At most 2." },
    ]);
  });
});
