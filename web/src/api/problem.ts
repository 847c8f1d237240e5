/** What haymow refused or failed at, as RFC 9457 says it; below openai/v1, as OpenAI does. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly requestId: string | null = null,
    readonly faults: readonly Fault[] = [],
    /** In how many seconds it may be tried again, if the server said so. */
    readonly retryAfter: number | null = null,
  ) {
    super(message);
    this.name = "Problem";
  }
}

/** One thing that is wrong with what was sent. `pointer` says where, such as `#/chat_generator_config/type`. */
export interface Fault {
  pointer: string;
  code: string;
  message: string;
}

interface Body {
  code?: string;
  detail?: string;
  message?: string;
  request_id?: string;
  details?: { pointer?: string; code?: string; message?: string; detail?: string }[];
  error?: { message?: string; code?: string | null; param?: string | null };
}

/** The problem that an answer tells of; one that is no JSON came from something between haymow and here. */
export function problemOf(response: Response, body: unknown): Problem {
  const said: Body = typeof body === "object" && body !== null ? body : {};
  const message =
    said.error?.message ??
    said.detail ??
    said.message ??
    `The server answered ${response.status} without a reason.`;
  const requestId = said.request_id ?? response.headers.get("x-request-id");
  const code = said.error?.code ?? said.code ?? "unknown";
  return new Problem(
    response.status,
    code,
    message,
    requestId,
    faultsOf(said, code, message),
    secondsIn(response),
  );
}

function faultsOf(said: Body, code: string, message: string): Fault[] {
  if (said.error?.param) return [{ pointer: pointerOf(said.error.param), code, message }];
  return (said.details ?? []).map((fault) => ({
    pointer: fault.pointer ?? "#",
    code: fault.code ?? "invalid",
    message: fault.message ?? fault.detail ?? "This is not valid.",
  }));
}

/** OpenAI's `messages[0].content` as a pointer: `#/messages/0/content`. */
function pointerOf(param: string): string {
  return `#/${param.replace(/\[(\d+)\]/g, ".$1").replaceAll(".", "/")}`;
}

/** haymow's Retry-After is in seconds; a date comes from something in between, and says nothing useful here. */
function secondsIn(response: Response): number | null {
  const wait = response.headers.get("retry-after") ?? "";
  return /^\d+$/.test(wait) ? Number(wait) : null;
}

/** What browsers say when no answer came; a TypeError of any other words is a fault of this page. */
const FETCH_FAILED = /fetch|network|load failed/i;

/** Any failure as a problem: one without an answer is a connection that did not come about. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof TypeError && FETCH_FAILED.test(error.message)) {
    return new Problem(0, "unreachable", "haymow cannot be reached. Is it running? Your work here is kept.");
  }
  return new Problem(
    0,
    "unexpected",
    error instanceof Error ? error.message : "Something went wrong on this page.",
  );
}

/** What is wrong with the field at `pointer`, for who stands beside it. */
export function faultAt(problem: Problem | null, pointer: string): string | undefined {
  return problem?.faults.find((fault) => fault.pointer === pointer)?.message;
}

/** The problem, unless all of its faults are said beside the fields at `pointers`. */
export function notBeside(problem: Problem | null, pointers: readonly string[]): Problem | null {
  if (!problem || problem.faults.length === 0) return problem;
  return problem.faults.every((fault) => pointers.includes(fault.pointer)) ? null : problem;
}
