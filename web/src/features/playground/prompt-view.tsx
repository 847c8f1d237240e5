import { Button, Group, Text, Textarea } from "@mantine/core";
import { useState } from "react";
import { isSending } from "./composer";
import classes from "./playground.module.css";

interface Props {
  prompt: string;
  /** How many turns stand behind it. */
  later: number;
  canAsk: boolean;
  onAsk: (prompt: string) => void;
}

/** What was asked; it can be changed and asked again. */
export function PromptView({ prompt, later, canAsk, onAsk }: Props) {
  const [edited, setEdited] = useState<string | null>(null);
  const [isBack, setBack] = useState(false);
  if (edited === null) {
    return (
      <div className={classes.prompt}>
        <div className={classes.said}>{prompt}</div>
        <Button
          variant="subtle"
          color="gray"
          className={classes.quiet}
          size="compact-xs"
          disabled={!canAsk}
          autoFocus={isBack}
          onClick={() => setEdited(prompt)}
          aria-label="Edit this question"
        >
          Edit
        </Button>
      </div>
    );
  }
  return (
    <PromptForm
      text={edited}
      later={later}
      canAsk={canAsk}
      onChange={setEdited}
      onCancel={() => {
        setBack(true);
        setEdited(null);
      }}
      onAsk={() => onAsk(edited)}
    />
  );
}

interface FormProps {
  text: string;
  later: number;
  canAsk: boolean;
  onChange: (text: string) => void;
  onCancel: () => void;
  onAsk: () => void;
}

function PromptForm({ text, later, canAsk, onChange, onCancel, onAsk }: FormProps) {
  const isReady = canAsk && text.trim() !== "";
  return (
    <div className={classes.turn}>
      <Textarea
        aria-label="Question"
        size="sm"
        autosize
        autoFocus
        minRows={2}
        maxRows={10}
        value={text}
        onChange={(event) => onChange(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") onCancel();
          if (!isSending(event)) return;
          event.preventDefault();
          if (isReady) onAsk();
        }}
      />
      <Group gap="xs">
        <Button size="compact-xs" disabled={!isReady} onClick={onAsk}>
          Ask this instead
        </Button>
        <Button size="compact-xs" variant="default" onClick={onCancel}>
          Cancel
        </Button>
        {later > 0 && (
          <Text size="xs" c="dimmed">
            {later === 1
              ? "The question after it is dropped."
              : `The ${later} questions after it are dropped.`}
          </Text>
        )}
      </Group>
    </div>
  );
}
