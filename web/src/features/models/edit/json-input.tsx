import { Textarea } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { same } from "./merge";
import { printJson } from "./raw";

interface Props {
  id: string;
  label: string;
  description?: string;
  placeholder?: string;
  required?: boolean;
  value: unknown;
  error?: string;
  onChange: (value: unknown) => void;
  /** Told when the text becomes no JSON, and when it is again. */
  onUnfinished: (isUnfinished: boolean) => void;
}

/** A value as JSON text. What is typed stays as it is typed; the value follows as soon as the text is JSON. */
export function JsonInput({ value, error, onChange, onUnfinished, ...field }: Props) {
  const [text, setText] = useState(() => textOf(value));
  const [fault, setFault] = useState<string | null>(null);
  const said = useRef(value);
  if (!same(value, said.current)) {
    // Changed from elsewhere: by the raw view, a merge, another generator.
    said.current = value;
    setText(textOf(value));
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
      said.current = next.trim() === "" ? undefined : JSON.parse(next);
      setFault(null);
      onChange(said.current);
    } catch {
      setFault("This is no JSON yet. Put texts and names in double quotes; empty the field to leave it out.");
    }
  }

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

function textOf(value: unknown): string {
  return value === undefined ? "" : printJson(value);
}
