import { type OutputUnit, type Schema, Validator } from "@cfworker/json-schema";
import {
  type CustomValidator,
  createErrorHandler,
  type ErrorSchema,
  type FormContextType,
  type RJSFSchema,
  type RJSFValidationError,
  type StrictRJSFSchema,
  toErrorSchema,
  unwrapErrorHandler,
  type ValidationData,
  type ValidatorType,
  validationDataMerge,
} from "@rjsf/utils";
import { requestOf } from "./requests";

/**
 * Checks form data by its JSON Schema without making code of it: the page's Content-Security-Policy allows no eval,
 * which rjsf's own validator lives on. Haymow checks everything again when it is saved.
 */
class InterpretingValidator<
  T = unknown,
  S extends StrictRJSFSchema = RJSFSchema,
  F extends FormContextType = object,
> implements ValidatorType<T, S, F>
{
  rawValidation<Result = OutputUnit>(
    schema: S,
    formData?: T,
  ): { errors?: Result[]; validationError?: Error } {
    return { errors: faultsOf(schema, formData) as Result[] };
  }

  isValid(schema: S, formData: T | undefined, rootSchema: S): boolean {
    const definitions = rootSchema.$defs ?? rootSchema.definitions;
    const whole = definitions ? { $defs: definitions, definitions, ...schema } : schema;
    return faultsOf(whole as S, formData).length === 0;
  }

  validateFormData(
    formData: T | undefined,
    schema: S,
    customValidate?: CustomValidator<T, S, F>,
  ): ValidationData<T> {
    const errors = faultsOf(schema, formData).map((fault) => asFormError(fault, schema));
    const found: ValidationData<T> = { errors, errorSchema: toErrorSchema<T>(errors) };
    if (!customValidate) return found;
    const handler = customValidate(formData, createErrorHandler<T>(formData as T), {} as never);
    return validationDataMerge<T>(found, unwrapErrorHandler<T>(handler) as ErrorSchema<T>);
  }

  reset(): void {}
}

/** The innermost faults alone: a schema that fails because a part of it fails says nothing new. */
function faultsOf(schema: unknown, data: unknown): OutputUnit[] {
  if (data === undefined) return [];
  const { errors } = new Validator(schema as Schema, "2020-12", false).validate(data);
  return errors.filter((error) => !OUTER.has(error.keyword));
}

const OUTER = new Set(["properties", "items", "prefixItems", "additionalProperties", "$ref", "allOf"]);

function asFormError(fault: OutputUnit, schema: unknown): RJSFValidationError {
  const parts = fault.instanceLocation.split("/").slice(1).map(decodePart);
  const property = parts.map((part) => (/^\d+$/.test(part) ? `[${part}]` : `.${part}`)).join("");
  const message = requestOf(fault, schema);
  return { name: fault.keyword, message, property, stack: `${property} ${message}` };
}

function decodePart(part: string): string {
  return decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
}

export const validator = new InterpretingValidator();
export default validator;
