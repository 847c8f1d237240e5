import { useQueryErrorResetBoundary } from "@tanstack/react-query";
import { type ErrorComponentProps, useRouter } from "@tanstack/react-router";
import { useCallback, useEffect } from "react";
import { asProblem, type Problem } from "../api/problem";
import { Failure } from "../ui/failure";
import { Page } from "../ui/page";
import { Bare } from "./bare";
import { untilReachable } from "./reachable";

/** A screen that could not be shown, in its place within the frame: why, and once more. */
export function RouteFailure({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  const queries = useQueryErrorResetBoundary();
  const problem = asProblem(error);

  const retry = useCallback((): void => {
    queries.reset();
    reset();
    void router.invalidate();
  }, [queries, reset, router]);
  useRetryWhenReachable(problem, retry);

  // Who is signed out is on the way to the sign-in.
  if (problem.status === 401) return null;
  return (
    <Page title={titleOf(problem)}>
      <Failure problem={problem} onRetry={retry} />
    </Page>
  );
}

/** A screen that failed for want of a connection comes by itself when there is one again. */
function useRetryWhenReachable(problem: Problem, retry: () => void): void {
  const unreachable = problem.code === "unreachable";
  useEffect(() => {
    let shown = true;
    if (unreachable) void untilReachable().then(() => shown && retry());
    return () => {
      shown = false;
    };
  }, [unreachable, retry]);
}

/** The same where there is no frame yet. */
export function FrameFailure(props: ErrorComponentProps) {
  return (
    <Bare>
      <RouteFailure {...props} />
    </Bare>
  );
}

function titleOf(problem: Problem): string {
  if (problem.code === "unreachable") return "Not connected";
  if (problem.status === 403) return "Not allowed";
  if (problem.status === 404) return "Not found";
  return "This page could not be shown";
}
