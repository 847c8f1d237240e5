import type { FieldProps } from "@rjsf/utils";
import { use } from "react";
import { own } from "../../../api/differences";
import { contextOf } from "./form-context";
import { JsonInput } from "./json-input";
import { ParametersContext } from "./parameters-context";

/** A parameter that no plain field can show, as JSON. */
export function JsonField(props: FieldProps) {
  const { fieldPathId, name, uiSchema, required, rawErrors } = props;
  const { onUnfinished } = contextOf(props);
  const { parameters, onParameter } = use(ParametersContext);
  const options = uiSchema?.["ui:options"];
  return (
    <JsonInput
      id={fieldPathId.$id}
      label={name === "generation_kwargs" ? "generation_kwargs: defaults of every call" : name}
      description={options?.description}
      placeholder={options?.placeholder ?? "JSON"}
      required={required}
      value={own(parameters, name)}
      error={rawErrors?.join("\n")}
      onChange={(value) => onParameter(name, value)}
      onUnfinished={(isUnfinished) => onUnfinished(fieldPathId.$id, isUnfinished)}
    />
  );
}
