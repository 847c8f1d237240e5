import { Button, Group, Title, VisuallyHidden } from "@mantine/core";
import { lazy, Suspense, useId, useState } from "react";
import { ModelPicker } from "./model-picker";
import { ParametersSkeleton } from "./parameters-skeleton";
import classes from "./playground.module.css";
import { Transcript } from "./transcript";
import { type Column, lastRefusal } from "./use-column";

/** The form comes with all of JSON Schema behind it; it is fetched when it is first opened. */
const ParametersPanel = lazy(() => import("./parameters-panel"));

interface Props {
  label: string;
  workspaceId: string;
  names: string[] | undefined;
  column: Column;
  system: string;
  onChoose: (name: string) => void;
  /** Ask this as the first message, of every model. */
  onStart: (prompt: string) => void;
}

/** A model, its parameters, and the conversation with it. */
export function ColumnView({ label, workspaceId, names, column, system, onChoose, onStart }: Props) {
  const [opened, setOpened] = useState(false);
  const panel = useId();
  const { model, settings, parameters } = column;
  const fault = "fault" in parameters ? parameters.fault : null;
  const set = "fault" in parameters ? 0 : Object.keys(parameters.values).length;
  return (
    <div className={classes.column}>
      <VisuallyHidden>
        <Title order={2}>{model ?? label}</Title>
      </VisuallyHidden>
      <Group gap="xs" wrap="nowrap" className={classes.head}>
        <ModelPicker
          label={label}
          workspaceId={workspaceId}
          names={names}
          value={model}
          onChange={onChoose}
        />
        <Button
          variant="default"
          disabled={model === undefined}
          onClick={() => setOpened(!opened)}
          aria-expanded={opened}
          aria-controls={panel}
          className={classes.toggle}
        >
          {column.hasFault ? "Parameters: fault" : set > 0 ? `Parameters: ${set} set` : "Parameters"}
        </Button>
      </Group>
      <div id={panel} hidden={!opened || model === undefined} className={classes.panel}>
        {/* What is half written must neither be lost nor be left behind unseen. */}
        {(opened || column.hasFault) && model !== undefined && (
          <Suspense fallback={<ParametersSkeleton />}>
            <ParametersPanel
              key={model}
              form={column.form}
              isLoading={column.definition === undefined}
              settings={settings}
              onChange={column.setSettings}
              onUnfinished={column.onUnfinished}
              fault={fault}
              refusal={lastRefusal(column)}
            />
          </Suspense>
        )}
      </div>
      <Transcript workspaceId={workspaceId} column={column} system={system} onStart={onStart} />
    </div>
  );
}
