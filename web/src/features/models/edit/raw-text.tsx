import { Alert, Stack, Text } from "@mantine/core";
import { useRef, useState } from "react";
import type { Definition } from "../../../api/definition";
import { same } from "../../../api/differences";
import { parseJson, printJson } from "../../../api/json";
import { SourceEditor } from "../../../ui/editor/source-editor";
import { type Parse, parseDefinition, type RawFault } from "./raw";

export interface RawViewProps {
  definition: Definition;
  /** Text that was left before it was a definition. */
  unfinished: string | null;
  onChange: (definition: Definition) => void;
  onUnfinished: (text: string) => void;
}

interface Props extends RawViewProps {
  language: "json" | "yaml";
  parse: Parse;
  print: (value: unknown) => string;
  note?: string;
}

/** The whole definition as text. It follows what is typed as soon as that can be read. */
export function RawText({
  definition,
  unfinished,
  onChange,
  onUnfinished,
  language,
  parse,
  print,
  note,
}: Props) {
  const said = useRef(definition);
  const [text, setText] = useState(() => unfinished ?? print(definition));
  const [fault, setFault] = useState<RawFault | null>(() => faultIn(unfinished, parse, definition));
  if (!same(said.current, definition)) {
    said.current = definition;
    setText(print(definition));
    setFault(null);
  }
  function type(next: string): void {
    if (next === text) return;
    setText(next);
    const parsed = parseDefinition(next, parse, definition);
    setFault("fault" in parsed ? parsed.fault : null);
    if ("fault" in parsed) {
      onUnfinished(next);
    } else {
      said.current = parsed.definition;
      onChange(parsed.definition);
    }
  }
  return (
    <Stack gap="xs">
      {note && <Text size="xs">{note}</Text>}
      <SourceEditor
        language={language}
        label={`The definition as ${language.toUpperCase()}`}
        value={text}
        onChange={type}
        height={480}
      />
      <div aria-live="polite">
        {fault && (
          <Alert color="red" variant="light" p="xs" tabIndex={-1} data-first-fault>
            {fault.line ? `Line ${fault.line}: ` : ""}
            {fault.message}
          </Alert>
        )}
      </div>
    </Stack>
  );
}

export function JsonView(props: RawViewProps) {
  return <RawText {...props} language="json" parse={parseJson} print={printJson} />;
}

function faultIn(text: string | null, parse: Parse, definition: Definition): RawFault | null {
  if (text === null) return null;
  const parsed = parseDefinition(text, parse, definition);
  return "fault" in parsed ? parsed.fault : null;
}
