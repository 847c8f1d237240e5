import { Code, Text } from "@mantine/core";
import { partsOf } from "../../../api/differences";
import { printJson } from "../../../api/json";
import classes from "./changes.module.css";

/** A value as JSON, or that there is none. */
export function Value({ label, value }: { label: string; value: unknown }) {
  return (
    <div className={classes.value}>
      <Text size="xs" component="span" className={classes.label}>
        {label}
      </Text>
      {value === undefined ? (
        <Text size="sm" component="span">
          not set
        </Text>
      ) : (
        <Code className={classes.code}>{printJson(value, 1)}</Code>
      )}
    </div>
  );
}

/** A pointer as people read it: without what all of them begin with. */
export function fieldOf(pointer: string): string {
  const parts = partsOf(pointer);
  return (
    (parts[0] === "chat_generator_config" && parts.length > 1 ? parts.slice(1) : parts).join(" / ") ||
    "the whole"
  );
}
