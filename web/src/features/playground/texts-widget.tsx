import { TagsInput } from "@mantine/core";
import { labelValue, type WidgetProps } from "@rjsf/utils";

/** A list of texts, each ended by Enter. A comma is a part of a text. */
export function TextsWidget({ id, label, hideLabel, value, placeholder, rawErrors, onChange }: WidgetProps) {
  return (
    <TagsInput
      id={id}
      size="xs"
      label={labelValue(label, hideLabel, false)}
      description="Enter ends each of them."
      inputWrapperOrder={["label", "input", "description", "error"]}
      splitChars={[]}
      placeholder={placeholder}
      value={Array.isArray(value) ? value.map(String) : []}
      onChange={(texts) => onChange(texts.length > 0 ? texts : undefined)}
      error={rawErrors?.join(" ")}
    />
  );
}
