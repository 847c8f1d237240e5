import type { FieldProps } from "@rjsf/utils";
import { use } from "react";
import { DocumentContext } from "../../../ui/form/document-context";
import { valueAt } from "../../../ui/form/paths";
import { JsonInput } from "./json-input";

/** A parameter that no plain field can show, as JSON. */
export function JsonField(props: FieldProps) {
  const { fieldPathId, name, uiSchema, required, rawErrors } = props;
  const { document, onValue, onUnfinished } = use(DocumentContext);
  const options = uiSchema?.["ui:options"];
  return (
    <JsonInput
      id={fieldPathId.$id}
      label={name === "generation_kwargs" ? "generation_kwargs: defaults of every call" : name}
      description={options?.description}
      placeholder={options?.placeholder ?? "JSON"}
      required={required}
      value={valueAt(document, fieldPathId.path)}
      error={rawErrors?.join("\n")}
      onChange={(value) => onValue(fieldPathId.path, value)}
      onUnfinished={(isUnfinished) => onUnfinished(fieldPathId.$id, isUnfinished)}
    />
  );
}
