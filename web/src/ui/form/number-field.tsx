import { getDefaultRegistry } from "@rjsf/core";
import { type FieldProps, getUiOptions } from "@rjsf/utils";
import { use, useState } from "react";
import { numberOf, numberWritten } from "../../api/json";
import { DocumentContext } from "./document-context";
import { WRITTEN } from "./floats";
import { valueAt } from "./paths";
import { ValueInput } from "./value-input";

/** A number as text: 30.0 is shown as that, and what is typed is what is kept. */
export function NumberField(props: FieldProps) {
  return props.schema.enum ? <NumberChoice {...props} /> : <NumberText {...props} />;
}

function NumberText({ fieldPathId, schema, uiSchema, name, required, rawErrors, ...props }: FieldProps) {
  const { document, onValue, onUnfinished } = use(DocumentContext);
  const [isTyping, setIsTyping] = useState(false);
  const { title, description, placeholder, inputWrapperOrder } = getUiOptions(uiSchema);
  const { $id: id, path } = fieldPathId;
  return (
    <ValueInput
      id={id}
      label={title ?? schema.title ?? name}
      description={description ?? schema.description}
      placeholder={placeholder}
      inputWrapperOrder={inputWrapperOrder as never}
      required={required}
      disabled={props.disabled || props.readonly}
      value={valueAt(document, path)}
      print={String}
      parse={numberWritten}
      // Half a number is often too small.
      error={isTyping ? undefined : [...new Set(rawErrors)].join("\n")}
      onChange={(value) => {
        setIsTyping(true);
        onValue(path, value);
      }}
      onUnfinished={(isUnfinished) => onUnfinished(id, isUnfinished)}
      onBlur={(event) => {
        setIsTyping(false);
        props.onBlur(id, event.currentTarget.value);
      }}
      autoComplete="off"
      spellCheck={false}
    />
  );
}

const Choice = getDefaultRegistry().fields.NumberField as (props: FieldProps) => React.ReactNode;

/** A number out of a list, whose floats are shown and taken as they were written there. */
function NumberChoice({ schema, uiSchema, fieldPathId, ...props }: FieldProps) {
  const { onValue } = use(DocumentContext);
  const written = schema[WRITTEN] as string[] | undefined;
  if (written === undefined) return <Choice {...{ ...props, schema, uiSchema, fieldPathId }} />;
  const choose = (chosen: unknown) => {
    const text = written[schema.enum?.indexOf(chosen as never) ?? -1];
    onValue(fieldPathId.path, text === undefined ? undefined : numberOf(text));
  };
  const shown = { ...uiSchema, "ui:enumNames": written };
  return <Choice {...{ ...props, schema, fieldPathId }} uiSchema={shown} onChange={choose} />;
}
