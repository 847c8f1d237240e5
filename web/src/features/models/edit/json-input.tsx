import { Textarea } from "@mantine/core";
import { parseJson, printJson } from "../../../api/json";
import { useTypedText } from "../../../ui/form/use-typed-text";

interface Props {
  id: string;
  label: string;
  description?: string;
  placeholder?: string;
  required?: boolean;
  value: unknown;
  error?: string;
  onChange: (value: unknown) => void;
  onUnfinished: (isUnfinished: boolean) => void;
}

/** A value as JSON text. */
export function JsonInput({ value, error, onChange, onUnfinished, ...field }: Props) {
  const { text, fault, type } = useTypedText({ value, print: printJson, parse, onChange, onUnfinished });
  return (
    <Textarea
      {...field}
      value={text}
      onChange={(event) => type(event.currentTarget.value)}
      error={fault ?? error}
      autosize
      minRows={1}
      maxRows={14}
      spellCheck={false}
      styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
    />
  );
}

function parse(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    if (error instanceof RangeError) throw error;
    throw new Error(
      "This is no JSON yet. Put texts and names in double quotes; empty the field to leave it out.",
    );
  }
}
