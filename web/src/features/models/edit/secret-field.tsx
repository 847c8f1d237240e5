import { Anchor, Autocomplete, Group, Text, TextInput } from "@mantine/core";
import type { FieldProps, RJSFSchema } from "@rjsf/utils";
import { type ReactNode, useRef, useState } from "react";
import { same } from "../../../api/differences";
import { AddKey } from "./add-key";
import { contextOf, type FormContext } from "./form-context";
import { type SecretDefault, secretDefault, takesText } from "./generator-form";

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;

/** A parameter that names a secret, by its name and never by its value. Some take a plain text as well. */
export function SecretField(props: FieldProps) {
  const { fieldPathId, uiSchema, formData, onChange } = props;
  const declared = (uiSchema?.declared ?? {}) as RJSFSchema;
  const [isText, setIsText] = useState(typeof formData === "string");
  const turn = takesText(declared) && (
    <Anchor component="button" type="button" size="xs" onClick={() => setIsText(!isText)}>
      {isText ? "Take it from a secret" : "Write it here instead"}
    </Anchor>
  );
  if (!isText) return <NamedSecret {...props} declared={declared} turn={turn} />;
  return (
    <>
      <TextInput
        {...labelsOf(props)}
        value={typeof formData === "string" ? formData : ""}
        onChange={(event) => onChange(event.currentTarget.value || undefined, fieldPathId.path)}
      />
      {turn}
    </>
  );
}

function NamedSecret({ declared, turn, ...props }: FieldProps & { declared: RJSFSchema; turn: ReactNode }) {
  const { fieldPathId, formData, onChange } = props;
  const context = contextOf(props);
  const byDefault = secretDefault(declared);
  const named = namesIn(formData);
  const [text, setText] = useState(() => named.join(", "));
  const said = useRef(formData);
  if (!same(formData, said.current)) {
    // Changed from elsewhere: by the raw view, a merge, another generator.
    said.current = formData;
    setText(named.join(", "));
  }
  const names = named.length > 0 ? named : (byDefault?.env_vars ?? []);
  return (
    <>
      <Autocomplete
        size="xs"
        {...labelsOf(props)}
        value={text}
        placeholder={
          formData === null ? "No secret (null)" : (byDefault?.env_vars.join(", ") ?? "NAME_OF_A_SECRET")
        }
        data={[
          ...new Set([...(byDefault?.env_vars ?? []), ...(context.secrets ?? []).map(({ name }) => name)]),
        ]}
        limit={50}
        spellCheck={false}
        onChange={(next) => {
          setText(next);
          said.current = secretOf(next, formData, byDefault);
          onChange(said.current, fieldPathId.path);
        }}
      />
      {names.map((name) => (
        <State key={name} name={name} context={context} />
      ))}
      {turn}
    </>
  );
}

/** Whether a value is there for a name, and where to enter it. */
function State({ name, context }: { name: string; context: FormContext }) {
  if (!NAME.test(name)) {
    return (
      <Text size="xs" c="red" mt={4}>
        A secret's name has letters, digits and underscores, and does not begin with a digit.
      </Text>
    );
  }
  const found = context.secrets?.find((one) => one.name === name);
  const where = found?.origin === "ORGANIZATION" ? "of the organization" : "of this workspace";
  const hosts = found?.hosts
    ? `goes to ${found.hosts.join(", ")}`
    : "goes to the first host a model sends it to";
  return (
    <Group gap="xs" mt={4} mih={22}>
      <Text size="xs" c={found || !context.secrets ? "dimmed" : undefined} fw={found ? undefined : 600}>
        {!context.secrets
          ? " "
          : found
            ? `${name} is there: ${where}, ${hosts}.`
            : `${name} has no value yet.`}
      </Text>
      {context.secrets && <AddKey name={name} found={found} scope={context.scope} may={context.mayAddKeys} />}
    </Group>
  );
}

function labelsOf({ fieldPathId, name, uiSchema, required, rawErrors }: FieldProps) {
  return {
    id: fieldPathId.$id,
    label: name,
    description: uiSchema?.["ui:options"]?.description,
    required,
    error: rawErrors?.join("\n"),
  };
}

/** The Secret that some names mean. What else the one before said stays; no name leaves the parameter out. */
function secretOf(text: string, before: unknown, byDefault: SecretDefault | null): unknown {
  const names = namesOf(text);
  if (names.length === 0) return undefined;
  const kept = typeof before === "object" && before !== null ? before : { strict: byDefault?.strict ?? true };
  return { ...kept, type: "env_var", env_vars: names };
}

function namesIn(value: unknown): string[] {
  const names =
    typeof value === "object" && value !== null && "env_vars" in value ? value.env_vars : undefined;
  return Array.isArray(names) ? names.filter((name) => typeof name === "string") : [];
}

function namesOf(text: string): string[] {
  return text.split(/[,\s]+/).filter(Boolean);
}
