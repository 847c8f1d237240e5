import { describe, expect, it } from "vitest";
import { asProblem, faultAt, notBeside, Problem, problemOf } from "./problem";

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

it("a fault is said beside its field, and the problem only where a fault has none", () => {
  const fault = { pointer: "#/name", code: "invalid", message: "A name has 1 to 255 characters." };
  const problem = new Problem(422, "invalid", "This is no name.", null, [fault]);
  expect(faultAt(problem, "#/name")).toBe(fault.message);
  expect(faultAt(problem, "#/email")).toBeUndefined();
  expect(notBeside(problem, ["#/name", "#/email"])).toBeNull();
  expect(notBeside(problem, ["#/email"])).toBe(problem);
  const whole = new Problem(403, "forbidden", "Ask an administrator.");
  expect(notBeside(whole, ["#/name"])).toBe(whole);
});

it("a connection that failed is told from a fault of the page", () => {
  expect(asProblem(new TypeError("Failed to fetch")).code).toBe("unreachable");
  expect(asProblem(new TypeError("x is not a function")).code).toBe("unexpected");
});
