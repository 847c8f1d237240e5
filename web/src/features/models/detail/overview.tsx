import { Button, Stack, Text, Title } from "@mantine/core";
import { useState } from "react";
import type { Model, Workspace } from "../../../api/client";
import { definitionOf, generatorName, initParameters, secretNames } from "../../../api/definition";
import { printJson } from "../../../api/json";
import type { ModelState } from "../../../api/model-states";
import { Ago } from "../../../ui/ago";
import { SourceEditor } from "../../../ui/editor/source-editor";
import { AddSecret } from "./connection-section";
import classes from "./detail.module.css";
import { ParameterTable } from "./parameter-table";

interface Props {
  workspace: Workspace;
  model: Model;
  state: ModelState | undefined;
}

/** The definition, to be read: what is called and with what, which secrets, what callers may set. */
export function Overview({ workspace, model, state }: Props) {
  return (
    <Stack gap="lg">
      <section>
        <Title order={2} mb="xs">
          Definition
        </Title>
        <dl className={classes.facts}>
          <dt>Provider</dt>
          <dd>{model.provider}</dd>
          <dt>Generator</dt>
          <dd title={String(model.chat_generator_config.type)}>
            {generatorName(model.chat_generator_config)}
          </dd>
          {Object.entries(initParameters(model.chat_generator_config)).map(([name, value]) => (
            <InitParameter key={name} workspace={workspace} name={name} value={value} state={state} />
          ))}
          <dt>Id</dt>
          <dd>{model.model_id}</dd>
          <Changes model={model} />
        </dl>
      </section>
      <ParameterTable schema={model.generation_kwargs} />
      <Raw model={model} />
    </Stack>
  );
}

interface ParameterProps {
  workspace: Workspace;
  name: string;
  value: unknown;
  state: ModelState | undefined;
}

function InitParameter({ workspace, name, value, state }: ParameterProps) {
  const secrets = secretNames(value);
  return (
    <>
      <dt>{name === "generation_kwargs" ? "generation_kwargs, the defaults" : name}</dt>
      <dd>
        {secrets ? (
          secrets.map((secret) => (
            <SecretState key={secret} workspace={workspace} name={secret} state={state} />
          ))
        ) : (
          <span className={typeof value === "string" ? undefined : classes.json}>{plain(value)}</span>
        )}
      </dd>
    </>
  );
}

function SecretState({ workspace, name, state }: Omit<ParameterProps, "value">) {
  const isMissing = state?.missing_secrets.includes(name);
  return (
    <div>
      {name}
      {isMissing && (
        <>
          {" is missing. "}
          <AddSecret workspace={workspace} name={name} />
        </>
      )}
    </div>
  );
}

function Changes({ model }: { model: Model }) {
  if (!model.created_at || !model.updated_at) return null;
  return (
    <>
      <dt>Created</dt>
      <dd>
        <Ago at={model.created_at} /> {byWhom(model.created_by)}
      </dd>
      <dt>Changed</dt>
      <dd>
        <Ago at={model.updated_at} /> {byWhom(model.last_updated_by)}
      </dd>
    </>
  );
}

function Raw({ model }: { model: Model }) {
  const [isOpen, setOpen] = useState(false);
  const text = printJson(definitionOf(model));
  const height = Math.min(600, 20 * text.split("\n").length + 16);
  return (
    <section>
      <Button variant="default" onClick={() => setOpen(!isOpen)} aria-expanded={isOpen}>
        {isOpen ? "Hide the JSON" : "Show it as JSON"}
      </Button>
      {isOpen && (
        <Stack mt="xs" gap={0}>
          <SourceEditor
            value={text}
            language="json"
            label="The definition as JSON"
            height={height}
            readOnly
          />
        </Stack>
      )}
      {isOpen && (
        <Text size="xs" className={classes.quiet}>
          As the API answers it; Edit changes it.
        </Text>
      )}
    </section>
  );
}

function byWhom(user: Model["created_by"]): string {
  return user ? `by ${user.given_name} ${user.family_name}` : "";
}

function plain(value: unknown): string {
  return typeof value === "string" ? value : printJson(value, 1).replaceAll(/\n\s*/g, " ");
}
