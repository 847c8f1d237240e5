import { Button, Stack, Text, VisuallyHidden } from "@mantine/core";
import { useCallback, useLayoutEffect, useRef } from "react";
import { Empty } from "../../ui/empty";
import type { Turn } from "./conversation";
import classes from "./playground.module.css";
import { TurnView } from "./turn-view";
import type { Column } from "./use-column";

interface Props {
  workspaceId: string;
  column: Column;
  system: string;
  onStart: (prompt: string) => void;
}

/** What was said. It stays at its end while an answer comes, unless the reader went up. */
export function Transcript({ workspaceId, column, system, onStart }: Props) {
  const { turns, model, send } = column;
  const { ref, onScroll } = useStayAtEnd(turns);
  const askAgain = useCallback(
    (prompt: string, after: number) => {
      send(prompt, system, after);
      // What was pressed is gone with the answer that it asked for anew.
      ref.current?.focus();
    },
    [send, system, ref],
  );
  return (
    <section
      className={classes.transcript}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached with the keyboard
      tabIndex={0}
      aria-label={`Conversation with ${model ?? "no model"}`}
      ref={ref}
      onScroll={onScroll}
    >
      {turns.length === 0 && <Start model={model} onStart={onStart} />}
      {turns.map((turn, index) => (
        <TurnView
          key={turn.answer.askedAt}
          workspaceId={workspaceId}
          turn={turn}
          turns={turns}
          index={index}
          definition={column.definition ?? null}
          isOfAnother={turn.model !== model}
          canAsk={column.isReady}
          onAsk={askAgain}
        />
      ))}
      <Announcement last={turns.at(-1)} />
    </section>
  );
}

/** An answer is read out when it is whole: word by word it would be read over itself. */
function Announcement({ last }: { last: Turn | undefined }) {
  return (
    <VisuallyHidden role="status">
      {last?.state === "whole" && `${last.model} answered: ${last.answer.text}`}
      {last?.state === "stopped" && "Stopped."}
    </VisuallyHidden>
  );
}

const NEARLY = 32;

function useStayAtEnd(turns: readonly Turn[]) {
  const ref = useRef<HTMLElement>(null);
  const isAtEnd = useRef(true);
  const count = useRef(turns.length);
  useLayoutEffect(() => {
    const box = ref.current;
    if (turns.length > count.current) isAtEnd.current = true;
    count.current = turns.length;
    if (box && isAtEnd.current) box.scrollTop = box.scrollHeight;
  }, [turns]);
  const onScroll = (): void => {
    const box = ref.current;
    if (box) isAtEnd.current = box.scrollHeight - box.scrollTop - box.clientHeight < NEARLY;
  };
  return { ref, onScroll };
}

const BEGINNINGS = [
  "What are you good at? Answer in one sentence.",
  "Explain to a child why the sky is blue.",
  "Write a haiku about hay.",
];

function Start({ model, onStart }: { model: string | undefined; onStart: (prompt: string) => void }) {
  if (model === undefined) {
    return <Empty title="Pick a model above">Then write a message below. Nothing is sent before that.</Empty>;
  }
  return (
    <Stack align="center" gap="xs" py="xl">
      <Text fw={600}>Write a message, or begin with one of these</Text>
      {BEGINNINGS.map((prompt) => (
        <Button key={prompt} variant="default" onClick={() => onStart(prompt)} className={classes.wrapping}>
          {prompt}
        </Button>
      ))}
    </Stack>
  );
}
