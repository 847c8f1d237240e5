import { Anchor, Button, Collapse, Group, Skeleton, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import type { ErrorSchema, RJSFSchema } from "@rjsf/utils";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { asProblem } from "../../../api/problem";
import { generator } from "../../../api/queries";
import { Failure } from "../../../ui/failure";
import { SchemaForm } from "../../../ui/form/schema-form";
import { useUnfinishedFields } from "../../../ui/form/use-unfinished-fields";
import type { FormContext } from "./form-context";
import { formOf } from "./generator-form";
import { JsonField } from "./json-field";
import { SecretField } from "./secret-field";

type Parameters = Record<string, unknown>;

interface Props {
  type: string;
  value: Parameters;
  /** What a change is compared with. */
  from: Parameters;
  onChange: (value: Parameters) => void;
  faults: Record<string, string[]>;
  context: FormContext;
}

const fields = { secret: SecretField, json: JsonField };

/** The generator's parameters: a form made from its schema, what is usually set before the rest. */
export function SetupPart({ type, ...props }: Props) {
  const { data, error, refetch } = useQuery({ ...generator(type), enabled: type !== "" });
  if (type === "") return <Text size="sm">Choose a generator first: its parameters come here.</Text>;
  if (error) return <Failure problem={asProblem(error)} onRetry={() => void refetch()} />;
  if (!data) return <Skeleton role="status" height={420} aria-label="Loading the generator's parameters" />;
  // Another generator has other fields: nothing of the one before stays in them.
  return <SetupForm key={data.type} {...props} schema={data.init_parameters as RJSFSchema} />;
}

function SetupForm({
  schema,
  value,
  from,
  onChange,
  faults,
  context,
}: Omit<Props, "type"> & { schema: RJSFSchema }) {
  // What is set when the form opens is shown at once; a field never moves while it is being filled in.
  const [set] = useState(() => Object.keys(value));
  const form = useMemo(() => formOf(schema, set), [schema, set]);
  const errors = useMemo(() => errorsOf(faults), [faults]);
  const [opened, { toggle }] = useDisclosure(false);
  const more = Object.keys(form.more.properties ?? {});
  const { hasUnfinished, onUnfinished } = useUnfinishedFields();
  const isOpen = opened || hasUnfinished || more.some((name) => faults[name]);
  const onUnfinishedMore: FormContext["onUnfinished"] = (field, isUnfinished) => {
    onUnfinished(field, isUnfinished);
    context.onUnfinished(field, isUnfinished);
  };
  const shared = {
    value,
    from,
    onChange,
    onUnfinished: context.onUnfinished,
    uiSchema: form.uiSchema,
    extraErrors: errors,
    fields,
    context,
  };
  const declared = Object.keys(schema.properties ?? {});
  return (
    <Stack gap="xs">
      <SchemaForm {...shared} schema={form.first} idPrefix="init" />
      <Unknown
        names={Object.keys(value).filter((name) => !declared.includes(name))}
        value={value}
        onChange={onChange}
      />
      {more.length > 0 && (
        <>
          <Button variant="default" onClick={toggle} aria-expanded={isOpen} w="fit-content">
            {isOpen
              ? "Fewer parameters"
              : `${more.length} more ${more.length === 1 ? "parameter" : "parameters"}`}
          </Button>
          <Collapse expanded={isOpen}>
            <SchemaForm {...shared} schema={form.more} idPrefix="more" onUnfinished={onUnfinishedMore} />
          </Collapse>
        </>
      )}
    </Stack>
  );
}

/** Parameters that this class does not have, such as those of the class before: they are kept until one says so. */
function Unknown({ names, value, onChange }: { names: string[] } & Pick<Props, "value" | "onChange">) {
  if (names.length === 0) return null;
  const remove = (gone: string) =>
    onChange(Object.fromEntries(Object.entries(value).filter(([name]) => name !== gone)));
  return (
    <Stack gap={4} role="alert">
      <Text size="sm">This generator has no such parameters, and haymow would refuse them:</Text>
      {names.map((name) => (
        <Group key={name} gap="xs">
          <code>{name}</code>
          <Anchor component="button" type="button" size="sm" onClick={() => remove(name)}>
            Remove {name}
          </Anchor>
        </Group>
      ))}
    </Stack>
  );
}

function errorsOf(faults: Record<string, string[]>): ErrorSchema {
  const entries = Object.entries(faults).map(([name, messages]) => [name, { __errors: messages }]);
  return Object.fromEntries(entries) as ErrorSchema;
}
