import { Skeleton, Stack, Tabs } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Model, Workspace } from "../../../api/client";
import { model, modelState, type Seen } from "../../../api/models";
import { asProblem } from "../../../api/problem";
import { Failure } from "../../../ui/failure";
import { originName } from "../../../ui/origin";
import { Page } from "../../../ui/page";
import { useWorkspace } from "../../../ui/workspace";
import { Overriding } from "../overriding";
import { Actions } from "./actions";
import { ConnectionSection } from "./connection-section";
import { Gone } from "./gone";
import { Overview } from "./overview";
import { Revisions } from "./revisions";
import type { Tab } from "./search";
import { UseIt } from "./use-it";
import { Whose } from "./whose";

/** One model: what it is, whether it works, how it is used, what it was before. */
export function DetailPage() {
  const workspace = useWorkspace();
  const { modelId } = useParams({ from: "/signed-in/w/$workspace/models/$modelId" });
  const found = useQuery(model(workspace.workspace_id, modelId));
  if (found.data) {
    return <Known key={modelId} workspace={workspace} model={found.data.data} etag={found.data.etag} />;
  }
  if (!found.error) return <Waiting />;
  const problem = asProblem(found.error);
  if (problem.status === 404) return <Gone workspace={workspace} modelId={modelId} problem={problem} />;
  return (
    <Page title="Model">
      <Failure problem={problem} onRetry={() => found.refetch()} />
    </Page>
  );
}

function Known({ workspace, model: one, etag }: { workspace: Workspace; model: Model; etag: string }) {
  const { data: state } = useQuery(modelState(workspace.workspace_id, one));
  const isHidden = Boolean(state?.shadowed_by);
  const seen: Seen = {
    workspaceId: workspace.workspace_id,
    modelId: one.model_id,
    origin: one.origin ?? "PLATFORM",
    etag,
  };
  return (
    <Page
      title={one.name}
      aside={
        <span>
          {one.provider} · {originName(one.origin)}
          {state && <Overriding workspace={workspace.name} state={state} />}
        </span>
      }
      actions={<Actions workspace={workspace} model={one} seen={seen} isHidden={isHidden} />}
    >
      <Whose workspace={workspace} model={one} isHidden={isHidden} />
      <ConnectionSection workspace={workspace} model={one} state={state} />
      <Views
        overview={<Overview workspace={workspace} model={one} state={state} />}
        use={<UseIt workspace={workspace} model={one} isHidden={isHidden} />}
        revisions={<Revisions workspace={workspace} seen={seen} now={one} />}
      />
    </Page>
  );
}

const LABELS: Record<Tab, string> = { overview: "Overview", use: "Use it", revisions: "Revisions" };

/** The tabs, one of which the address names. */
function Views(views: Record<Tab, ReactNode>) {
  const { tab = "overview" } = useSearch({ from: "/signed-in/w/$workspace/models/$modelId" });
  const navigate = useNavigate({ from: "/w/$workspace/models/$modelId" });
  const choose = (chosen: string | null) =>
    navigate({ search: chosen === "overview" ? {} : { tab: chosen as Tab }, resetScroll: false });
  return (
    <Tabs value={tab} onChange={choose} keepMounted={false}>
      <Tabs.List>
        {Object.entries(LABELS).map(([value, label]) => (
          <Tabs.Tab key={value} value={value}>
            {label}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {Object.entries(views).map(([value, view]) => (
        <Tabs.Panel key={value} value={value} pt="md">
          {view}
        </Tabs.Panel>
      ))}
    </Tabs>
  );
}

function Waiting() {
  return (
    <Page title="Model">
      <Stack aria-busy>
        <Skeleton height={76} />
        <Skeleton height={36} />
        <Skeleton height={240} />
      </Stack>
    </Page>
  );
}
