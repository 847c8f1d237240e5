import type { FieldProps } from "@rjsf/utils";
import type { ModelScope } from "../../../api/model-changes";
import type { Secret } from "../../../api/secrets";

/** What the fields of a generator's form know besides their own value. */
export interface FormContext {
  scope: ModelScope;
  /** The secrets that the model will see by name, its own scope's before the organization's; null while they load. */
  secrets: readonly Secret[] | null;
  /** Whether the person may enter values in this scope. */
  mayAddKeys: boolean;
  /** Tells whether a field holds text that is no value yet: it must not be saved as if it were not there. */
  onUnfinished: (field: string, isUnfinished: boolean) => void;
}

export function contextOf(props: FieldProps): FormContext {
  return props.registry.formContext as FormContext;
}
