import { TextInput, type TextInputProps } from "@mantine/core";
import { type TypedText, useTypedText } from "./use-typed-text";

type Props = Omit<TextInputProps, "value" | "onChange"> & TypedText;

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
