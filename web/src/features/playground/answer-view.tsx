import { Text } from "@mantine/core";
import type { Answer } from "./answer";
import classes from "./playground.module.css";

/** What the model said, as text: whatever it looks like, it is nothing but text. */
export function AnswerView({ answer, isComing }: { answer: Answer; isComing: boolean }) {
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
      {isSilent && (
        <Text size="sm" c="dimmed">
          {isComing ? "Waiting for the first token" : answer.endedAt !== null && "Nothing was said."}
        </Text>
      )}
    </div>
  );
}
