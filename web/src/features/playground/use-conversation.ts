import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef } from "react";
import { streamChat } from "../../api/chat";
import { asProblem } from "../../api/problem";
import { me } from "../../api/queries";
import { endAnswer, withChunk } from "./answer";
import { beginTurn, callOf, keptTurns, type Question, restoredTurns, type Turn } from "./conversation";
import { useKept } from "./kept";

export interface Conversation {
  turns: readonly Turn[];
  isAnswering: boolean;
  /** Ask after the first `after` turns; those that stood behind are dropped. Without it, after all. */
  ask: (question: Question, after?: number) => Promise<void>;
  stop: () => void;
  clear: () => void;
}

/** Milliseconds on a clock that goes on when the page is loaded again. */
const now = (): number => performance.timeOrigin + performance.now();

const KEPT = { initial: [] as Turn[], write: keptTurns, read: restoredTurns };

/** A conversation with a model of the workspace, kept in this tab. Leaving the page stops an answer. */
export function useConversation(workspaceId: string, side: string): Conversation {
  const queries = useQueryClient();
  const [turns, setTurns] = useKept<Turn[]>(`${workspaceId} ${side} turns`, KEPT);
  const latest = useRef(turns);
  latest.current = turns;
  const running = useRef<AbortController | null>(null);
  const stop = useCallback(() => running.current?.abort(), []);
  const ask = useCallback(
    async (question: Question, after = latest.current.length) => {
      running.current?.abort();
      const run = new AbortController();
      running.current = run;
      const before = latest.current.slice(0, after);
      const turn = await answered(workspaceId, before, question, run.signal, (shown) => {
        if (running.current === run) setTurns([...before, shown]);
      });
      // An ended session is found out by asking who is signed in, which leads to the sign-in.
      if (turn.problem?.status === 401) void queries.invalidateQueries({ queryKey: me.queryKey });
    },
    [workspaceId, setTurns, queries],
  );
  const clear = useCallback(() => {
    stop();
    running.current = null;
    setTurns([]);
  }, [stop, setTurns]);
  useEffect(() => stop, [stop]);
  return { turns, isAnswering: turns.at(-1)?.state === "coming", ask, stop, clear };
}

/** Ask, and show what comes, at most once a frame. */
async function answered(
  workspaceId: string,
  before: readonly Turn[],
  question: Question,
  signal: AbortSignal,
  show: (turn: Turn) => void,
): Promise<Turn> {
  let turn = beginTurn(question, now());
  let frame = 0;
  const end = (last: Partial<Turn>): Turn => {
    cancelAnimationFrame(frame);
    turn = { ...turn, answer: endAnswer(turn.answer, now()), ...last };
    show(turn);
    return turn;
  };
  show(turn);
  try {
    for await (const chunk of streamChat(workspaceId, callOf(before, question), signal)) {
      turn = { ...turn, answer: withChunk(turn.answer, chunk, now()) };
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(() => show(turn));
    }
    return end({ state: "whole" });
  } catch (error) {
    return end(signal.aborted ? { state: "stopped" } : { state: "failed", problem: asProblem(error) });
  }
}
