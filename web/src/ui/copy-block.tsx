import { ActionIcon, Box, ScrollArea } from "@mantine/core";
import { useState } from "react";
import { copyText } from "./copy";
import classes from "./copy-block.module.css";

interface Props {
  code: string;
  /** What it is, said to who cannot see it. */
  label: string;
  /** Told when it was copied, by the button or by hand. */
  onCopied?: () => void;
}

/** Code, ready to copy. It never wraps: a line that is pasted has to be the line that was read. */
export function CopyBlock({ code, label, onCopied }: Props) {
  return (
    <Box className={classes.block} onCopy={onCopied}>
      <ScrollArea
        className={classes.scroll}
        type="auto"
        viewportProps={{ tabIndex: 0, role: "region", "aria-label": label }}
      >
        <pre className={classes.code}>{code}</pre>
      </ScrollArea>
      <CopyAction text={code} label={label} onCopied={onCopied} />
    </Box>
  );
}

function CopyAction({ text, label, onCopied }: { text: string; label: string; onCopied?: () => void }) {
  const [copied, setCopied] = useState<boolean | null>(null);

  async function copy(): Promise<void> {
    const done = await copyText(text);
    setCopied(done);
    if (done) onCopied?.();
  }

  return (
    <ActionIcon
      className={classes.copy}
      variant="default"
      w="auto"
      px="xs"
      size="sm"
      onClick={copy}
      onBlur={() => setCopied(null)}
      aria-label={`Copy ${label}`}
    >
      <span aria-live="polite">{copied === null ? "Copy" : copied ? "Copied" : "Select it to copy"}</span>
    </ActionIcon>
  );
}
