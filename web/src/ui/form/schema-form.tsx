import Form from "@rjsf/mantine";
import type { ErrorSchema, RegistryFieldsType, RegistryWidgetsType, RJSFSchema, UiSchema } from "@rjsf/utils";
import { useMemo } from "react";
import { validator } from "./validator";
import { WholeDescription } from "./whole-description";
import { withoutPatterns } from "./without-patterns";

interface Props {
  schema: RJSFSchema;
  value: Record<string, unknown>;
  onChange: (value: Record<string, unknown>) => void;
  uiSchema?: UiSchema;
  /** Faults that the server found, where they belong. */
  extraErrors?: ErrorSchema;
  idPrefix: string;
  /** Fields of one's own, by the names that `ui:field` gives them. Keep it the same from one render to the next. */
  fields?: RegistryFieldsType;
  /** Widgets of one's own, by the names that `ui:widget` gives them. */
  widgets?: RegistryWidgetsType;
  /** What those fields need to know: they find it as `registry.formContext`. */
  context?: object;
}

const templates = { FieldHelpTemplate: WholeDescription };

/** A form made from a JSON Schema. It shows what the schema speaks of and keeps everything else in `value` as it is. */
export function SchemaForm({
  schema,
  value,
  onChange,
  uiSchema,
  widgets,
  extraErrors,
  idPrefix,
  fields,
  context,
}: Props) {
  const checked = useMemo(() => withoutPatterns(schema) as RJSFSchema, [schema]);
  return (
    <Form
      tagName="div"
      idPrefix={idPrefix}
      schema={checked}
      uiSchema={{ ...uiSchema, "ui:submitButtonOptions": { norender: true } }}
      widgets={widgets}
      validator={validator as never}
      formData={value}
      formContext={context as never}
      fields={fields as never}
      templates={templates}
      extraErrors={extraErrors}
      liveValidate="onBlur"
      showErrorList={false}
      noHtml5Validate
      omitExtraData={false}
      experimental_defaultFormStateBehavior={{ emptyObjectFields: "skipDefaults" }}
      onChange={({ formData }) => onChange(withoutAbsent(formData ?? {}))}
    />
  );
}

/** A field that was emptied is left out; rjsf has `undefined` there. */
function withoutAbsent(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined));
}
