import { Skeleton, Tabs } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useMayChange } from "../../api/members";
import { asProblem } from "../../api/problem";
import { type Secret, secrets } from "../../api/secrets";
import { Failure } from "../../ui/failure";
import { Page } from "../../ui/page";
import { useWorkspace } from "../../ui/workspace";
import { IntegrationsTab } from "./integrations-tab";
import { hiddenNames } from "./rows";
import { ScopeTab } from "./scope-tab";
import type { SecretsSearch } from "./search";
import classes from "./secrets.module.css";

/** The secrets seen from a workspace: its own, the organization's, and which providers' usual ones are there. */
export function SecretsPage() {
  const { workspace_id } = useWorkspace();
  const { data, error, refetch } = useQuery(secrets(workspace_id));
  return (
    <Page title="Secrets">
      {error && !data && <Failure problem={asProblem(error)} onRetry={() => refetch()} />}
      {!data && !error && <Skeleton role="status" height={320} aria-label="Loading the secrets" />}
      {data && <SecretsTabs secrets={data.secrets} total={data.total} />}
    </Page>
  );
}

function SecretsTabs({ secrets: found, total }: { secrets: Secret[]; total: number }) {
  const { workspace_id } = useWorkspace();
  const { tab = "workspace" } = useSearch({ from: "/signed-in/w/$workspace/secrets" });
  const navigate = useNavigate({ from: "/w/$workspace/secrets" });
  const inWorkspace = useMayChange(workspace_id, "WORKSPACE");
  const inOrganization = useMayChange(workspace_id, "ORGANIZATION");
  const hidden = hiddenNames(found);
  const own = found.filter((one) => one.origin === "WORKSPACE");
  const shared = found.filter((one) => one.origin === "ORGANIZATION");
  const show = (chosen: string | null) =>
    navigate({ search: { tab: chosen === "workspace" ? undefined : (chosen as SecretsSearch["tab"]) } });
  return (
    <Tabs value={tab} onChange={show} keepMounted={false} classNames={{ tab: classes.tab }}>
      <Tabs.List>
        <Tabs.Tab value="workspace">This workspace {own.length}</Tabs.Tab>
        <Tabs.Tab value="organization">Organization {shared.length}</Tabs.Tab>
        <Tabs.Tab value="integrations">Integrations</Tabs.Tab>
      </Tabs.List>
      <Tabs.Panel value="workspace" pt="sm">
        <ScopeTab scope={workspace_id} secrets={own} hidden={hidden} mayChange={inWorkspace} />
      </Tabs.Panel>
      <Tabs.Panel value="organization" pt="sm">
        <ScopeTab scope={null} secrets={shared} hidden={hidden} mayChange={inOrganization} />
      </Tabs.Panel>
      <Tabs.Panel value="integrations" pt="sm">
        <IntegrationsTab secrets={shared} mayChange={inOrganization} />
      </Tabs.Panel>
      {total > found.length && `The first ${found.length} of ${total} secrets are shown.`}
    </Tabs>
  );
}
