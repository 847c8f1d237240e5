import { Text } from "@mantine/core";
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { asProblem } from "../api/problem";
import classes from "./connection-line.module.css";

const ASK_AGAIN_MS = 3_000;

/** One line while haymow cannot be reached. It comes by itself, and goes by itself. */
export function ConnectionLine() {
  const lost = useConnectionLost();
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

function useConnectionLost(): boolean {
  const queries = useQueryClient();
  const [lost, setLost] = useState(false);
  useEffect(() => onUnreachable(queries, () => setLost(true)), [queries]);
  useEffect(() => {
    if (!lost) return;
    const timer = setInterval(async () => {
      if (!(await isReachable())) return;
      setLost(false);
      void queries.refetchQueries({ type: "active" });
    }, ASK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [lost, queries]);
  return lost;
}

function onUnreachable(queries: QueryClient, tell: () => void): () => void {
  const watch = (event: { type: string; action?: { type: string; error?: unknown } }): void => {
    if (event.type !== "updated" || !event.action?.error) return;
    if (asProblem(event.action.error).code === "unreachable") tell();
  };
  const stops = [
    queries.getQueryCache().subscribe((event) => watch(event as Parameters<typeof watch>[0])),
    queries.getMutationCache().subscribe((event) => watch(event as Parameters<typeof watch>[0])),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

async function isReachable(): Promise<boolean> {
  try {
    return (await fetch("/healthz", { cache: "no-store" })).ok;
  } catch {
    return false;
  }
}
