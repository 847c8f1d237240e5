import { Button, Group, Text, Textarea } from "@mantine/core";
import { type KeyboardEvent, type Ref, useId } from "react";
import { useKept } from "./kept";
import classes from "./playground.module.css";

interface Props {
  ref: Ref<HTMLTextAreaElement>;
  workspaceId: string;
  isAnswering: boolean;
  /** Why nothing can be sent now. */
  obstacle: string | null;
  onSend: (prompt: string) => void;
  onStop: () => void;
}

const NO_TEXT = { initial: "" };

/** Where the next message is written. */
export function Composer({ ref, workspaceId, isAnswering, obstacle, onSend, onStop }: Props) {
  const [text, setText] = useKept(`${workspaceId} draft`, NO_TEXT);
  const hint = useId();
  const canSend = text.trim() !== "" && obstacle === null && !isAnswering;

  function send(): void {
    if (!canSend) return;
    onSend(text);
    setText("");
  }

  return (
    <div className={classes.composer}>
      <Group gap="xs" wrap="nowrap" align="flex-end">
        <Textarea
          ref={ref}
          className={classes.grow}
          size="sm"
          aria-label="Message"
          aria-describedby={hint}
          placeholder="Write a message"
          autosize
          minRows={2}
          maxRows={10}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (!isSending(event)) return;
            event.preventDefault();
            send();
          }}
        />
        {/* One button, so that the focus stays on it whatever it is for. */}
        <Button
          size="sm"
          w={88}
          variant={isAnswering ? "default" : "filled"}
          data-disabled={!isAnswering && !canSend ? true : undefined}
          aria-disabled={!isAnswering && !canSend}
          onClick={isAnswering ? onStop : send}
        >
          {isAnswering ? "Stop" : "Send"}
        </Button>
      </Group>
      <Text size="xs" c="dimmed" id={hint} mt={4}>
        {obstacle ?? "Enter sends, Shift and Enter break the line, Escape stops."} The conversation stays in
        this tab until you sign out; haymow stores nothing of it.
      </Text>
    </div>
  );
}

/** Enter alone; not the one that ends a word of an input method. */
export function isSending(event: KeyboardEvent): boolean {
  return event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing;
}
