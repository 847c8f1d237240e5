import { Button, Group, Text } from "@mantine/core";
import { memo, useState } from "react";
import type { Model } from "../../api/client";
import { AnswerView } from "./answer-view";
import { ChatFailure } from "./chat-failure";
import { CodeDialog } from "./code-dialog";
import type { Turn } from "./conversation";
import { CopyText } from "./copy-text";
import { FigureRow } from "./figure-row";
import classes from "./playground.module.css";
import { PromptView } from "./prompt-view";

interface Props {
  workspaceId: string;
  turn: Turn;
  /** The conversation it stands in, at `index`, with so many turns behind it. */
  turns: readonly Turn[];
  index: number;
  definition: Model | null;
  isOfAnother: boolean;
  canAsk: boolean;
  onAsk: (prompt: string, after: number) => void;
}

/** A question, its answer, and what can be done with them. */
export const TurnView = memo(function TurnView(props: Props) {
  const { workspaceId, turn, turns, index, definition, isOfAnother, canAsk, onAsk } = props;
  const [coding, setCoding] = useState(false);
  const isLast = index === turns.length - 1;
  return (
    <article
      className={classes.turn}
      aria-label={`Question ${index + 1}`}
      aria-busy={turn.state === "coming"}
    >
      <PromptView
        prompt={turn.prompt}
        later={turns.length - 1 - index}
        canAsk={canAsk && turn.state !== "coming"}
        onAsk={(prompt) => onAsk(prompt, index)}
      />
      {isOfAnother && (
        <Text size="xs" c="dimmed" px="sm">
          Answered by {turn.model}
        </Text>
      )}
      <AnswerView answer={turn.answer} state={turn.state} />
      {turn.state === "stopped" && (
        <Text size="xs" c="dimmed" px="sm">
          Stopped.
        </Text>
      )}
      {turn.problem && <ChatFailure problem={turn.problem} model={isOfAnother ? null : definition} />}
      <FigureRow answer={turn.answer} />
      <Group gap={4}>
        <CopyText text={turn.answer.text} disabled={turn.state === "coming" || turn.answer.text === ""} />
        <Button
          variant="subtle"
          color="gray"
          className={classes.quiet}
          size="compact-xs"
          onClick={() => setCoding(true)}
        >
          As code
        </Button>
        {isLast && (
          <Button
            variant="subtle"
            color="gray"
            className={classes.quiet}
            size="compact-xs"
            disabled={!canAsk || turn.state === "coming"}
            onClick={() => onAsk(turn.prompt, index)}
          >
            Ask again
          </Button>
        )}
      </Group>
      {coding && (
        <CodeDialog
          workspaceId={workspaceId}
          before={turns.slice(0, index)}
          question={turn}
          onClose={() => setCoding(false)}
        />
      )}
    </article>
  );
});
