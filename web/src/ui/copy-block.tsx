import { ActionIcon, Box, CopyButton, ScrollArea } from "@mantine/core";
import classes from "./copy-block.module.css";

/** Code, ready to copy. It never wraps: a line that is pasted has to be the line that was read. */
export function CopyBlock({ code, label }: { code: string; label: string }) {
  return (
    <Box className={classes.block}>
      <ScrollArea type="auto" viewportProps={{ tabIndex: 0, role: "region", "aria-label": label }}>
        <pre className={classes.code}>{code}</pre>
      </ScrollArea>
      <CopyButton value={code}>
        {({ copied, copy }) => (
          <ActionIcon
            className={classes.copy}
            variant="default"
            w="auto"
            px="xs"
            size="sm"
            onClick={copy}
            aria-label={`Copy ${label}`}
          >
            {copied ? "Copied" : "Copy"}
          </ActionIcon>
        )}
      </CopyButton>
    </Box>
  );
}
