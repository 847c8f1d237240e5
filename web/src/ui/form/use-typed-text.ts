import { useEffect, useRef, useState } from "react";
import { same } from "../../api/differences";

export interface TypedText {
  value: unknown;
  /** The text of a value; undefined is the empty text. */
  print: (value: unknown) => string;
  /** The value of a text; throws an Error with what to write instead. The empty text is never asked for. */
  parse: (text: string) => unknown;
  onChange: (value: unknown) => void;
  /** Told when the text becomes no value, and when it is one again. */
  onUnfinished: (isUnfinished: boolean) => void;
  /** Said where there has to be a value. */
  missing?: string;
}

/** A value written as text. What is typed stays as typed; the value follows whenever the text is one. */
export function useTypedText({ value, print, parse, onChange, onUnfinished, missing }: TypedText) {
  const textOf = (one: unknown) => (one === undefined ? "" : print(one));
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
      if (missing && next.trim() === "") throw new Error(missing);
      said.current = next.trim() === "" ? undefined : parse(next);
      setFault(null);
      onChange(said.current);
    } catch (problem) {
      setFault(problem instanceof Error ? problem.message : "This is no value.");
    }
  }

  return { text, fault, type };
}
