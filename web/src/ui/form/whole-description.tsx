import { Text } from "@mantine/core";
import type { FieldHelpProps } from "@rjsf/utils";
import classes from "./whole-description.module.css";

/** The whole of a long description, for who asks; `whole` of the field's uiSchema has it, and the field its beginning. */
export function WholeDescription({ uiSchema, schema }: FieldHelpProps) {
  const whole: unknown = uiSchema?.whole;
  if (typeof whole !== "string") return null;
  return (
    <details className={classes.details}>
      <summary className={classes.summary}>More about {schema.title}</summary>
      <Text size="xs" className={classes.words}>
        {whole}
      </Text>
    </details>
  );
}
