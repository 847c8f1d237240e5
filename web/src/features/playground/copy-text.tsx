import { Button } from "@mantine/core";
import { useState } from "react";
import { copyText } from "../../ui/copy";
import classes from "./playground.module.css";

/** Puts a text on the clipboard. The button keeps its width, whatever it says. */
export function CopyText({ text, disabled }: { text: string; disabled: boolean }) {
  const [copied, setCopied] = useState<boolean | null>(null);
  return (
    <Button
      variant="subtle"
      color="gray"
      className={classes.quiet}
      size="compact-xs"
      miw={64}
      disabled={disabled}
      onClick={async () => setCopied(await copyText(text))}
      onBlur={() => setCopied(null)}
    >
      <span aria-live="polite">{copied === null ? "Copy" : copied ? "Copied" : "Not allowed"}</span>
    </Button>
  );
}
