import {
  Anchor,
  AppShell,
  Burger,
  Button,
  Group,
  NavLink,
  Select,
  Stack,
  Text,
  useMantineColorScheme,
} from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useSuspenseQuery } from "@tanstack/react-query";
import { Link, Outlet, useNavigate, useRouterState } from "@tanstack/react-router";
import { me, workspaces } from "../api/queries";
import { useCurrentWorkspaceName } from "../ui/workspace";
import { useSignOut } from "./session";
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

/** The frame of every screen: where you are, where you can go, who you are. */
export function Shell() {
  const [opened, { toggle, close }] = useDisclosure();
  return (
    <AppShell
      header={{ height: 48 }}
      navbar={{ width: 208, breakpoint: "sm", collapsed: { mobile: !opened } }}
      padding={{ base: "sm", sm: "lg" }}
      transitionDuration={0}
    >
      <a href="#content" className={classes.skip}>
        Skip to the content
      </a>
      <AppShell.Header className={classes.header}>
        <Group gap="sm" wrap="nowrap">
          <Burger opened={opened} onClick={toggle} hiddenFrom="sm" size="sm" aria-label="Navigation" />
          <Anchor component={Link} to="/" fw={700} c="inherit" underline="never">
            haymow
          </Anchor>
          <WorkspacePicker />
        </Group>
        <Account />
      </AppShell.Header>
      <AppShell.Navbar p="xs" aria-label="Main">
        <Navigation onNavigate={close} />
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1} className={classes.main}>
        <Outlet />
      </AppShell.Main>
    </AppShell>
  );
}

function WorkspacePicker() {
  const { data } = useSuspenseQuery(workspaces);
  const current = useCurrentWorkspaceName();
  const navigate = useNavigate();
  return (
    <Select
      aria-label="Workspace"
      w={{ base: 140, xs: 200 }}
      allowDeselect={false}
      searchable={data.length > 8}
      data={data.map((one) => one.name)}
      value={current}
      placeholder="No workspace"
      onChange={(name) => name && navigate({ to: "/w/$workspace/models", params: { workspace: name } })}
    />
  );
}

function Navigation({ onNavigate }: { onNavigate: () => void }) {
  const workspace = useCurrentWorkspaceName();
  const path = useRouterState({ select: (state) => state.location.pathname });
  const link = (label: string, to: string, href: string) => (
    <NavLink
      key={to}
      component={Link}
      to={to as never}
      params={{ workspace } as never}
      label={label}
      active={path === href || path.startsWith(`${href}/`)}
      onClick={onNavigate}
      className={classes.link}
    />
  );
  return (
    <Stack gap="lg">
      {workspace && (
        <div>
          <Text className={classes.group}>Workspace</Text>
          {WORKSPACE_PAGES.map(([label, to]) =>
            link(label, to, to.replace("$workspace", encodeURIComponent(workspace))),
          )}
        </div>
      )}
      <div>
        <Text className={classes.group}>Organization</Text>
        {ORGANIZATION_PAGES.map(([label, to]) => link(label, to, to))}
      </div>
    </Stack>
  );
}

function Account() {
  const { data } = useSuspenseQuery(me);
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const signOut = useSignOut();
  const navigate = useNavigate();
  const next = colorScheme === "auto" ? "dark" : colorScheme === "dark" ? "light" : "auto";
  return (
    <Group gap="xs" wrap="nowrap">
      <Text size="xs" c="dimmed" visibleFrom="sm">
        {data.given_name} {data.family_name} · {data.role}
      </Text>
      <Button
        variant="subtle"
        color="gray"
        onClick={() => setColorScheme(next)}
        aria-label={`Colours: ${colorScheme}`}
      >
        {colorScheme === "auto" ? "Auto" : colorScheme === "dark" ? "Dark" : "Light"}
      </Button>
      <Button variant="default" onClick={() => signOut().then(() => navigate({ to: "/sign-in" }))}>
        Sign out
      </Button>
    </Group>
  );
}
