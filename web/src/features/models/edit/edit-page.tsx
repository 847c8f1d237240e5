import { Anchor, Button, Radio, Skeleton, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams, useSearch } from "@tanstack/react-router";
import { Suspense, useState } from "react";
import type { Model } from "../../../api/client";
import { definitionOf } from "../../../api/definition";
import { type ModelScope, readModel, type Tagged } from "../../../api/model-changes";
import { asProblem } from "../../../api/problem";
import { Empty } from "../../../ui/empty";
import { Failure } from "../../../ui/failure";
import { ownerOf } from "../../../ui/origin";
import { Page } from "../../../ui/page";
import { useWorkspace } from "../../../ui/workspace";
import { BLANK } from "./configuration";
import { Editor } from "./editor";
import { useMayChangeIn } from "./use-may-change";

/** A new model, from nothing or from another one (`?from=` its id). */
export function NewPage() {
  return (
    <Suspense fallback={<Waiting title="New model" />}>
      <NewModel />
    </Suspense>
  );
}

function NewModel() {
  const { workspace_id, name } = useWorkspace();
  const { from } = useSearch({ from: "/signed-in/w/$workspace/models/new" });
  const { data, error } = useStart(from ?? null);
  const [scope, setScope] = useState<ModelScope>(workspace_id);
  const mayHere = useMayChangeIn(workspace_id);
  const mayEverywhere = useMayChangeIn(null);
  if (!mayHere && !mayEverywhere) return <NotYours title="New model" />;
  if (error) return <Failed title="New model" error={error} />;
  if (from && !data) return <Waiting title="New model" />;
  const start = data ? { ...definitionOf(data.data) } : BLANK;
  return (
    <Editor title="New model" scope={scope} modelId={null} base={null} start={start}>
      {data && data.data.origin !== "WORKSPACE" && (
        <Text size="sm">
          A copy of {ownerOf(data.data.origin)} model, yours to change. Under the same name it hides that one
          where it is seen.
        </Text>
      )}
      {mayEverywhere && (
        <Radio.Group
          size="xs"
          label="Who sees it"
          value={scope ?? ""}
          onChange={(value) => setScope(value === "" ? null : value)}
        >
          <Stack gap={4} mt={4}>
            <Radio value={workspace_id} label={`The workspace ${name}`} disabled={!mayHere} />
            <Radio value="" label="Every workspace of the organization" />
          </Stack>
        </Radio.Group>
      )}
    </Editor>
  );
}

/** A model that is there already. */
export function EditPage() {
  return (
    <Suspense fallback={<Waiting title="Edit" />}>
      <EditModel />
    </Suspense>
  );
}

function EditModel() {
  const { modelId } = useParams({ from: "/signed-in/w/$workspace/models/$modelId/edit" });
  const { data, error } = useStart(modelId);
  if (error) return <Failed title="Edit" error={error} />;
  if (!data) return <Waiting title="Edit" />;
  if (data.data.origin === "PLATFORM") return <OfThePlatform model={data.data} />;
  return <ExistingModel read={data} />;
}

function ExistingModel({ read: { data: model, etag } }: { read: Tagged }) {
  const { workspace_id } = useWorkspace();
  const scope = model.origin === "ORGANIZATION" ? null : workspace_id;
  const mayChange = useMayChangeIn(scope);
  const title = `Edit ${model.name}`;
  if (!mayChange) return <NotYours title={title} model={model} />;
  const base = { definition: definitionOf(model), etag };
  return (
    <Editor title={title} scope={scope} modelId={model.model_id} base={base} start={base.definition}>
      {scope === null && (
        <Text size="sm">This is the organization's model: what you change, every workspace gets.</Text>
      )}
    </Editor>
  );
}

/** What editing begins with: read once, when the page opens. A later answer must not move what it is compared with. */
function useStart(modelId: string | null) {
  const { workspace_id } = useWorkspace();
  return useQuery({
    queryKey: ["models", workspace_id, modelId, "to edit"],
    queryFn: ({ signal }) => readModel(workspace_id, modelId ?? "", signal),
    enabled: modelId !== null,
    staleTime: "static",
    gcTime: 0,
  });
}

function OfThePlatform({ model }: { model: Model }) {
  return (
    <Page title={model.name}>
      <Empty title="A model of the platform cannot be changed here">
        It comes with haymow's set-up. A copy under the same name hides it in this workspace, and is yours to
        change.
        <br />
        <CopyButton model={model} />
      </Empty>
    </Page>
  );
}

function NotYours({ title, model }: { title: string; model?: Model }) {
  const { workspace_id } = useWorkspace();
  const mayHere = useMayChangeIn(workspace_id);
  const isEveryones = model?.origin === "ORGANIZATION";
  return (
    <Page title={title}>
      <Empty
        title={
          isEveryones ? "This is the organization's model" : "You may look at models, and chat with them"
        }
      >
        {isEveryones
          ? "Editors of the organization can change it."
          : "Editors of this workspace can change them."}{" "}
        {isEveryones && mayHere ? <CopyButton model={model} /> : <ToModels />}
      </Empty>
    </Page>
  );
}

function CopyButton({ model }: { model: Model }) {
  const { name } = useWorkspace();
  return (
    <Button
      component={Link}
      to="/w/$workspace/models/new"
      params={{ workspace: name } as never}
      search={{ from: model.model_id } as never}
      mt="sm"
    >
      Copy into this workspace
    </Button>
  );
}

function ToModels() {
  const { name } = useWorkspace();
  return (
    <Anchor component={Link} to="/w/$workspace/models" params={{ workspace: name } as never}>
      Go to the models
    </Anchor>
  );
}

function Failed({ title, error }: { title: string; error: Error }) {
  return (
    <Page title={title}>
      <Failure problem={asProblem(error)} title="The model cannot be read" />
      <ToModels />
    </Page>
  );
}

function Waiting({ title }: { title: string }) {
  return (
    <Page title={title}>
      <Skeleton role="status" height={640} aria-label="Loading the model" />
    </Page>
  );
}
