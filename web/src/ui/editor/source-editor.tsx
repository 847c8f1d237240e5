import { Skeleton } from "@mantine/core";
import { lazy, Suspense } from "react";
import type { EditorProps } from "./code-mirror";

const CodeMirrorEditor = lazy(() => import("./code-mirror"));

/** Raw JSON or YAML. The editor is 140 kB and is fetched when one is first opened; its place is kept meanwhile. */
export function SourceEditor(props: EditorProps) {
  return (
    <Suspense
      fallback={<Skeleton role="status" height={props.height ?? 360} aria-label="Loading the editor" />}
    >
      <CodeMirrorEditor {...props} />
    </Suspense>
  );
}
