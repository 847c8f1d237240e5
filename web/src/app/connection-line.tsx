import { Text } from "@mantine/core";
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";
import { asProblem } from "../api/problem";
import classes from "./connection-line.module.css";
import { isLost, onLostOrBack, untilReachable } from "./reachable";

/** One line while haymow cannot be reached. It comes by itself, and goes by itself. */
export function ConnectionLine() {
  const lost = useSyncExternalStore(onLostOrBack, isLost);
  const queries = useQueryClient();
  useEffect(() => onUnreachable(queries, untilReachable), [queries]);
  useEffect(() => {
    // What is shown was asked for in vain meanwhile.
    if (lost) return () => void queries.refetchQueries({ type: "active" });
  }, [lost, queries]);
  return (
    <div role="status">
      {lost && (
        <Text size="sm" className={classes.line}>
          haymow cannot be reached. Your work here is kept; trying again…
        </Text>
      )}
    </div>
  );
}

/** Tells whenever a query or a change got no answer. */
function onUnreachable(queries: QueryClient, tell: () => void): () => void {
  const watch = (event: object): void => {
    if (asProblem(errorOf(event)).code === "unreachable") tell();
  };
  const stops = [queries.getQueryCache().subscribe(watch), queries.getMutationCache().subscribe(watch)];
  return () => {
    for (const stop of stops) stop();
  };
}

function errorOf(event: { action?: { error?: unknown } }): unknown {
  return event.action?.error;
}
