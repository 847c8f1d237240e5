import { TextInput, type TextInputProps } from "@mantine/core";
import { useTypedText } from "./use-typed-text";

interface Props extends Omit<TextInputProps, "value" | "onChange"> {
  value: unknown;
  print: (value: unknown) => string;
  parse: (text: string) => unknown;
  onChange: (value: unknown) => void;
  onUnfinished: (isUnfinished: boolean) => void;
  missing?: string;
}

/** A value on one line of text. */
export function ValueInput({ value, print, parse, onChange, onUnfinished, error, missing, ...field }: Props) {
  const { text, fault, type } = useTypedText({ value, print, parse, onChange, onUnfinished, missing });
  return (
    <TextInput
      {...field}
      value={text}
      error={fault ?? error}
      onChange={(event) => type(event.currentTarget.value)}
    />
  );
}
