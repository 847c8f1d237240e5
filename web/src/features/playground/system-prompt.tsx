import { Button, Textarea } from "@mantine/core";
import { useState } from "react";

/** What every chat begins with, for both models. It takes no room while it is not used. */
export function SystemPrompt({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const [opened, setOpened] = useState(value !== "");
  if (!opened) {
    return (
      <div>
        <Button variant="subtle" color="gray" size="compact-xs" onClick={() => setOpened(true)}>
          Add a system prompt
        </Button>
      </div>
    );
  }
  return (
    <Textarea
      label="System prompt"
      placeholder="Such as: You answer in one sentence."
      autosize
      minRows={1}
      maxRows={6}
      value={value}
      autoFocus={value === ""}
      onChange={(event) => onChange(event.currentTarget.value)}
      onBlur={() => value === "" && setOpened(false)}
    />
  );
}
