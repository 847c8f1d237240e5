import { TextInput, type TextInputProps } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { same } from "./merge";

interface Props extends Omit<TextInputProps, "value" | "onChange"> {
  value: unknown;
  /** The text of a value; "" is none. */
  print: (value: unknown) => string;
  /** The value of a text; throws an Error with what to write instead. "" is never asked for. */
  parse: (text: string) => unknown;
  onChange: (value: unknown) => void;
  onUnfinished: (isUnfinished: boolean) => void;
  /** Said where there has to be a value. */
  missing?: string;
}

/** A value written as text. What is typed stays as typed; the value follows whenever the text is one. */
export function ValueInput({ value, print, parse, onChange, onUnfinished, error, missing, ...field }: Props) {
  const [text, setText] = useState(() => (value === undefined ? "" : print(value)));
  const [fault, setFault] = useState<string | null>(null);
  const said = useRef(value);
  if (!same(value, said.current)) {
    said.current = value;
    setText(value === undefined ? "" : print(value));
    setFault(null);
  }
  const isUnfinished = fault !== null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: told on every change of state, and when it goes away
  useEffect(() => {
    onUnfinished(isUnfinished);
    return () => onUnfinished(false);
  }, [isUnfinished]);

  function type(next: string): void {
    setText(next);
    try {
      if (missing && next.trim() === "") throw new Error(missing);
      said.current = next.trim() === "" ? undefined : parse(next);
      setFault(null);
      onChange(said.current);
    } catch (problem) {
      setFault(problem instanceof Error ? problem.message : "This is no value.");
    }
  }

  return (
    <TextInput
      {...field}
      value={text}
      error={fault ?? error}
      onChange={(event) => type(event.currentTarget.value)}
    />
  );
}
