import type { ChatCall, Message } from "../../api/chat";
import { Problem } from "../../api/problem";
import { type Answer, beginAnswer } from "./answer";

/** What is asked, of whom, and how. */
export interface Question {
  model: string;
  system: string;
  prompt: string;
  parameters: Record<string, unknown>;
}

/** A question and what became of it. `problem` says why one failed. */
export interface Turn extends Question {
  answer: Answer;
  state: "coming" | "whole" | "stopped" | "failed";
  problem: Problem | null;
}

export function beginTurn(question: Question, now: number): Turn {
  return {
    ...question,
    answer: beginAnswer(now),
    state: "coming",
    problem: null,
  };
}

/** Whether the questions that follow carry this turn: one without words of the model's would only confuse it. */
export function isRemembered(turn: Turn): boolean {
  return turn.state !== "failed" && turn.answer.text !== "";
}

/** The call that a question makes after these turns. */
export function callOf(before: readonly Turn[], question: Question): ChatCall {
  const messages: Message[] = [];
  if (question.system.trim()) messages.push({ role: "system", content: question.system });
  for (const turn of before.filter(isRemembered)) {
    messages.push({ role: "user", content: turn.prompt }, { role: "assistant", content: turn.answer.text });
  }
  messages.push({ role: "user", content: question.prompt });
  return { model: question.model, messages, parameters: question.parameters };
}

/** Turns as they are kept in the tab: an error's words are not JSON by themselves. */
export function keptTurns(turns: readonly Turn[]): unknown {
  return turns.map((turn) => ({
    ...turn,
    problem: turn.problem && { ...turn.problem, message: turn.problem.message },
  }));
}

/** Kept turns as they were; what was still coming when the page was left has stopped. */
export function restoredTurns(kept: unknown): Turn[] {
  if (!Array.isArray(kept)) return [];
  return (kept as Turn[]).map((turn) => ({
    ...turn,
    state: turn.state === "coming" ? "stopped" : turn.state,
    problem: turn.problem && problemAgain(turn.problem),
  }));
}

function problemAgain({ status, code, message, requestId, faults, retryAfter }: Problem): Problem {
  return new Problem(status, code, message, requestId, faults, retryAfter);
}
