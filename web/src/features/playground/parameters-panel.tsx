import { Button, Group, Stack, Text, Textarea } from "@mantine/core";
import { useId, useState } from "react";
import type { Problem } from "../../api/problem";
import { SchemaForm } from "../../ui/form/schema-form";
import { NOTHING_SET, type ParameterForm, placedFaults, type Settings, TEXTS_WIDGET } from "./parameters";
import { ParametersSkeleton } from "./parameters-skeleton";
import { TextsWidget } from "./texts-widget";

interface Props {
  form: ParameterForm;
  isLoading: boolean;
  settings: Settings;
  onChange: (settings: Settings) => void;
  /** Told when the text of a field becomes no value, and when it is one again. */
  onUnfinished: (field: string, isUnfinished: boolean) => void;
  /** What is wrong with the JSON. */
  fault: string | null;
  /** What the last question was refused with. */
  refusal: Problem | null;
}

const WIDGETS = { [TEXTS_WIDGET]: TextsWidget };

/** A model's parameters. What is not set is not sent; a default is shown where it will be used. */
export default function ParametersPanel({
  form,
  isLoading,
  settings,
  onChange,
  fault,
  refusal,
  ...props
}: Props) {
  const id = useId();
  const [emptied, setEmptied] = useState(0);
  const setNothing = (): void => {
    onChange(NOTHING_SET);
    setEmptied(emptied + 1);
  };
  if (isLoading) return <ParametersSkeleton />;
  if (form.schema === null) {
    return (
      <Text size="sm">This model's definition lets no parameter be set. Edit the model to allow some.</Text>
    );
  }
  const { errors, elsewhere } = placedFaults(refusal?.faults ?? [], form);
  return (
    <Stack gap="xs">
      <SchemaForm
        // A new form has no text in it that is no value yet.
        key={emptied}
        idPrefix={id}
        schema={form.schema}
        uiSchema={form.uiSchema}
        widgets={WIDGETS}
        value={settings.values}
        onChange={(values) => onChange({ ...settings, values })}
        onUnfinished={props.onUnfinished}
        extraErrors={errors}
      />
      {form.takesMore && (
        <Textarea
          label="Other parameters, as JSON"
          placeholder='{"stop": ["END"]}'
          autosize
          minRows={2}
          maxRows={8}
          spellCheck={false}
          styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)" } }}
          value={settings.more}
          onChange={(event) => onChange({ ...settings, more: event.currentTarget.value })}
          error={fault ?? elsewhere.map((one) => one.message).join(" ")}
        />
      )}
      <Group gap="xs">
        <Button variant="default" size="compact-xs" onClick={setNothing}>
          Set nothing
        </Button>
        <Text size="xs" c="dimmed">
          What is empty is not sent.
        </Text>
      </Group>
    </Stack>
  );
}
