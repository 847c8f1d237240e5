import Form from "@rjsf/mantine";
import type { ErrorSchema, RegistryFieldsType, RegistryWidgetsType, RJSFSchema, UiSchema } from "@rjsf/utils";
import { useMemo } from "react";
import { DocumentContext, type Path } from "./document-context";
import { schemaWithoutFloats, withFloats, withoutFloats } from "./floats";
import { NumberField } from "./number-field";
import { withValueAt } from "./paths";
import { validator } from "./validator";
import { WholeDescription } from "./whole-description";
import { withoutPatterns } from "./without-patterns";

interface Props {
  schema: RJSFSchema;
  /** The document, in which floats are `Float`s; in `from`, with which a change is compared, too. */
  value: Document;
  from?: Document;
  onChange: (value: Document) => void;
  /** Told when the text of a field becomes no value, and when it is one again. */
  onUnfinished: (field: string, isUnfinished: boolean) => void;
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

type Document = Record<string, unknown>;

const templates = { FieldHelpTemplate: WholeDescription };

/** A form made from a JSON Schema. It shows what the schema speaks of and keeps everything else in `value` as it is. */
export function SchemaForm({
  schema,
  value,
  from,
  onChange,
  onUnfinished,
  uiSchema,
  widgets,
  extraErrors,
  idPrefix,
  fields,
  context,
}: Props) {
  const checked = useMemo(() => schemaWithoutFloats(withoutPatterns(schema)) as RJSFSchema, [schema]);
  const numbers = useMemo(() => withoutFloats(value) as Document, [value]);
  const onValue = (path: Path, one: unknown) => onChange(withValueAt(value, path, one) as Document);
  return (
    <DocumentContext value={{ document: value, onValue, onUnfinished }}>
      <Form
        tagName="div"
        idPrefix={idPrefix}
        schema={checked}
        uiSchema={{ ...uiSchema, "ui:submitButtonOptions": { norender: true } }}
        widgets={widgets}
        validator={validator as never}
        formData={numbers}
        formContext={context as never}
        fields={{ NumberField, ...fields } as never}
        templates={templates}
        extraErrors={extraErrors}
        liveValidate="onBlur"
        showErrorList={false}
        noHtml5Validate
        omitExtraData={false}
        experimental_defaultFormStateBehavior={{ emptyObjectFields: "skipDefaults" }}
        onChange={({ formData }) =>
          onChange(withFloats(withoutAbsent(formData ?? {}), value, from) as Document)
        }
      />
    </DocumentContext>
  );
}

/** A field that was emptied is left out; rjsf has `undefined` there. */
function withoutAbsent(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined));
}
