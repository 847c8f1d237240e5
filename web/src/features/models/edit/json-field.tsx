import type { FieldProps } from "@rjsf/utils";
import { contextOf } from "./form-context";
import { JsonInput } from "./json-input";

/** A parameter that no plain field can show, as JSON. */
export function JsonField(props: FieldProps) {
  const { fieldPathId, name, uiSchema, required, rawErrors, onChange, formData } = props;
  const { onUnfinished } = contextOf(props);
  const options = uiSchema?.["ui:options"];
  return (
    <JsonInput
      id={fieldPathId.$id}
      label={name === "generation_kwargs" ? "generation_kwargs: defaults of every call" : name}
      description={options?.description}
      placeholder={options?.placeholder ?? "JSON"}
      required={required}
      value={formData}
      error={rawErrors?.join("\n")}
      onChange={(value) => onChange(value, fieldPathId.path)}
      onUnfinished={(isUnfinished) => onUnfinished(fieldPathId.$id, isUnfinished)}
    />
  );
}
