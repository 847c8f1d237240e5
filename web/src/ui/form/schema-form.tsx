import Form from "@rjsf/mantine";
import type { ErrorSchema, RJSFSchema, UiSchema } from "@rjsf/utils";
import { validator } from "./validator";

interface Props {
  schema: RJSFSchema;
  value: Record<string, unknown>;
  onChange: (value: Record<string, unknown>) => void;
  uiSchema?: UiSchema;
  /** Faults that the server found, where they belong. */
  extraErrors?: ErrorSchema;
  idPrefix: string;
}

/** A form made from a JSON Schema. It shows what the schema speaks of and keeps everything else in `value` as it is. */
export function SchemaForm({ schema, value, onChange, uiSchema, extraErrors, idPrefix }: Props) {
  return (
    <Form
      tagName="div"
      idPrefix={idPrefix}
      schema={schema}
      uiSchema={{ ...uiSchema, "ui:submitButtonOptions": { norender: true } }}
      validator={validator as never}
      formData={value}
      extraErrors={extraErrors}
      liveValidate="onBlur"
      showErrorList={false}
      noHtml5Validate
      omitExtraData={false}
      experimental_defaultFormStateBehavior={{ emptyObjectFields: "skipDefaults" }}
      onChange={({ formData }) => onChange((formData ?? {}) as Record<string, unknown>)}
    />
  );
}
