import { Anchor, Group, Select, Skeleton, Stack, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import type { Model, Workspace } from "../../../api/client";
import { type PipelineComponent, type PipelineMode, pipeline } from "../../../api/models";
import { home } from "../../../api/place";
import { asProblem } from "../../../api/problem";
import { type Call, curl, haymowChatGenerator, openaiSdk, TOKEN_VARIABLE } from "../../../api/snippets";
import { CopyBlock } from "../../../ui/copy-block";
import { Failure } from "../../../ui/failure";

interface Props {
  workspace: Workspace;
  model: Model;
  /** Whether another model of this name is nearer: then only the id means this one. */
  isHidden: boolean;
}

/** Code that calls the model, ready to paste. None of it holds a token. */
export function UseIt({ workspace, model, isHidden }: Props) {
  const call: Call = {
    origin: home,
    workspaceId: workspace.workspace_id,
    model: isHidden ? model.model_id : model.name,
  };
  return (
    <Stack gap="lg">
      <Text size="sm">
        Each of these takes a token of haymow's from the environment: <code>export {TOKEN_VARIABLE}=...</code>{" "}
        <Anchor inherit underline="always" renderRoot={(props) => <Link {...props} to="/settings/tokens" />}>
          Make a token
        </Anchor>
        ; the role user is enough.
      </Text>
      <Snippet title="curl" code={curl(call)} />
      <Snippet title="OpenAI SDK for Python" code={openaiSdk(call)}>
        pip install openai
      </Snippet>
      <Snippet title="HaymowChatGenerator" code={haymowChatGenerator(call)}>
        For Haystack in Python, with haymow installed beside it.
      </Snippet>
      <PipelineSnippet workspace={workspace} model={model} />
    </Stack>
  );
}

function Snippet({ title, code, children }: { title: string; code: string; children?: ReactNode }) {
  return (
    <section>
      <Title order={2} mb={4}>
        {title}
      </Title>
      {children && (
        <Text size="sm" mb="xs">
          {children}
        </Text>
      )}
      <CopyBlock code={code} label={title} />
    </section>
  );
}

const COMPONENTS: { value: PipelineComponent; label: string }[] = [
  { value: "llm", label: "In an LLM" },
  { value: "agent", label: "In an Agent" },
  { value: "generator", label: "The generator by itself" },
];
const MODES: { value: PipelineMode; label: string; about: string }[] = [
  {
    value: "remote",
    label: "haymow calls",
    about: "Keys stay in haymow, and a change of the model takes effect at once.",
  },
  {
    value: "local",
    label: "The pipeline calls",
    about: "The pipeline fetches the definition of the day, and calls with keys of its own environment.",
  },
  {
    value: "pasted",
    label: "As it is now",
    about: "The definition is in the pipeline; haymow is not needed again.",
  },
];

/** The model in a Haystack pipeline, as `Pipeline.loads` takes it. */
function PipelineSnippet({ workspace, model }: Omit<Props, "isHidden">) {
  const [component, setComponent] = useState<PipelineComponent>("llm");
  const [mode, setMode] = useState<PipelineMode>("remote");
  const found = useQuery(pipeline(workspace.workspace_id, model.model_id, component, mode));
  return (
    <section>
      <Title order={2} mb={4}>
        Pipeline YAML
      </Title>
      <Group gap="xs" mb="xs" align="flex-end">
        <Select
          label="What is around it"
          data={COMPONENTS}
          value={component}
          allowDeselect={false}
          onChange={(value) => setComponent(value as PipelineComponent)}
        />
        <Select
          label="Who calls the provider"
          data={MODES.map(({ value, label }) => ({ value, label }))}
          value={mode}
          allowDeselect={false}
          onChange={(value) => setMode(value as PipelineMode)}
        />
      </Group>
      <Text size="sm" mb="xs">
        {MODES.find(({ value }) => value === mode)?.about}
      </Text>
      {found.error && <Failure problem={asProblem(found.error)} onRetry={() => found.refetch()} />}
      {found.isPending && <Skeleton height={330} />}
      {found.data !== undefined && <CopyBlock code={found.data} label="Pipeline YAML" />}
    </section>
  );
}
