import { json } from "@codemirror/lang-json";
import { yaml } from "@codemirror/lang-yaml";
import { EditorView } from "@codemirror/view";
import { useComputedColorScheme } from "@mantine/core";
import CodeMirror from "@uiw/react-codemirror";
import { cspNonce } from "../csp";

export interface EditorProps {
  value: string;
  onChange?: (value: string) => void;
  language: "json" | "yaml";
  label: string;
  height?: number;
  readOnly?: boolean;
}

export default function CodeMirrorEditor({
  value,
  onChange,
  language,
  label,
  height = 360,
  readOnly,
}: EditorProps) {
  const scheme = useComputedColorScheme("light");
  return (
    <CodeMirror
      value={value}
      height={`${height}px`}
      theme={scheme}
      readOnly={readOnly}
      extensions={[
        language === "json" ? json() : yaml(),
        EditorView.lineWrapping,
        EditorView.cspNonce.of(cspNonce()),
        // Reached with Tab, so that who has no pointer can scroll what is read only as well.
        EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0" }),
      ]}
      // Tab moves on: who works with the keyboard has to get out of here again.
      indentWithTab={false}
      onChange={onChange}
    />
  );
}
