import { Text } from "@mantine/core";
import type { Turn } from "./conversation";
import classes from "./playground.module.css";

/** What the model said, as text: whatever it looks like, it is nothing but text. */
export function AnswerView({ answer, state }: Pick<Turn, "answer" | "state">) {
  const { text, thoughts, refusal, toolCalls } = answer;
  const isSilent = !text && !refusal && toolCalls.length === 0;
  return (
    <div className={classes.answer}>
      {thoughts && (
        <details>
          <summary>Thoughts</summary>
          <div className={classes.thoughts}>{thoughts}</div>
        </details>
      )}
      {text && <div className={classes.said}>{text}</div>}
      {refusal && <div className={classes.said}>Refused: {refusal}</div>}
      {toolCalls.map((call, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: calls are told by their place, and some have no id
        <pre key={index} className={classes.call}>
          {call.name}({call.arguments})
        </pre>
      ))}
      {isSilent && state !== "failed" && state !== "stopped" && (
        <Text size="sm" c="dimmed">
          {state === "coming" ? "Waiting for the first token" : "The model said nothing."}
        </Text>
      )}
    </div>
  );
}
