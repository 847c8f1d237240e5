import { NavLink, Select, Text } from "@mantine/core";
import { useSuspenseQuery } from "@tanstack/react-query";
import { Link, useNavigate, useRouterState } from "@tanstack/react-router";
import { memo } from "react";
import { me, workspaces } from "../api/queries";
import { useCurrentWorkspaceName } from "../ui/workspace";
import classes from "./shell.module.css";

const WORKSPACE_PAGES = [
  ["Models", "/w/$workspace/models"],
  ["Playground", "/w/$workspace/playground"],
  ["Secrets", "/w/$workspace/secrets"],
  ["Members", "/w/$workspace/members"],
  ["Audit", "/w/$workspace/audit"],
] as const;

const ORGANIZATION_PAGES = [
  ["Workspaces", "/settings/workspaces"],
  ["People", "/settings/members"],
  ["API tokens", "/settings/tokens"],
] as const;

/** Which workspace is open. Another one opens at the same page. */
export const WorkspacePicker = memo(function WorkspacePicker({ onPick }: { onPick: () => void }) {
  const { data } = useSuspenseQuery(workspaces);
  const current = useCurrentWorkspaceName();
  const navigate = useNavigate();
  const page = useRouterState({ select: (state) => pageOf(state.location.pathname) });

  function open(name: string | null): void {
    if (name === null) return;
    onPick();
    void navigate({ to: page, params: { workspace: name } });
  }

  return (
    <Select
      aria-label="Workspace"
      allowDeselect={false}
      searchable={data.length > 8}
      nothingFoundMessage="No workspace of this name"
      data={data.map((one) => one.name)}
      value={current}
      placeholder="No workspace yet"
      onChange={open}
    />
  );
});

/** The pages of the workspace, and those of the organization. Where you are is marked. */
export const Navigation = memo(function Navigation({ onNavigate }: { onNavigate: () => void }) {
  const workspace = useCurrentWorkspaceName();
  const { data } = useSuspenseQuery(me);
  // A token of one workspace sees nobody of the organization.
  const organization = ORGANIZATION_PAGES.filter(
    ([, to]) => data.workspace_id === null || to !== "/settings/members",
  );
  return (
    <>
      {workspace !== null && (
        <PageLinks label="Workspace" pages={WORKSPACE_PAGES} workspace={workspace} onNavigate={onNavigate} />
      )}
      <PageLinks label="Organization" pages={organization} onNavigate={onNavigate} />
    </>
  );
});

interface LinksProps {
  label: string;
  pages: readonly (readonly [string, string])[];
  workspace?: string;
  onNavigate: () => void;
}

function PageLinks({ label, pages, workspace = "", onNavigate }: LinksProps) {
  const path = useRouterState({ select: (state) => state.location.pathname });
  return (
    <section aria-label={label}>
      <Text className={classes.group} aria-hidden>
        {label}
      </Text>
      {pages.map(([page, to]) => {
        const href = to.replace("$workspace", encodeURIComponent(workspace));
        return (
          <NavLink
            key={to}
            component={Link}
            to={to as never}
            params={{ workspace } as never}
            label={page}
            active={path === href || path.startsWith(`${href}/`)}
            onClick={onNavigate}
            className={classes.link}
          />
        );
      })}
    </section>
  );
}

function pageOf(path: string): (typeof WORKSPACE_PAGES)[number][1] {
  const found = WORKSPACE_PAGES.find(([, to]) => to.split("/")[3] === path.split("/")[3]);
  return path.startsWith("/w/") && found ? found[1] : "/w/$workspace/models";
}
