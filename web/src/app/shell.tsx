import { Anchor, Burger, Text } from "@mantine/core";
import { useDisclosure, useMediaQuery } from "@mantine/hooks";
import { Link, Outlet, useParams, useRouterState } from "@tanstack/react-router";
import { type KeyboardEvent, type ReactNode, useDeferredValue, useEffect, useRef } from "react";
import { rememberWorkspace } from "../ui/last-workspace";
import { CONTENT, focusTitle } from "../ui/page";
import { useCurrentWorkspaceName } from "../ui/workspace";
import { Account } from "./account";
import { ConnectionLine } from "./connection-line";
import { Navigation, WorkspacePicker } from "./navigation";
import classes from "./shell.module.css";

/** The frame of every screen: where you are, where you can go, who you are. */
export function Shell() {
  const [opened, { toggle, close }] = useDisclosure();
  const narrow = useMediaQuery("(max-width: 47.99em)");
  useRememberedWorkspace();
  useFocusOnNavigation(close);

  function closeByEscape(event: KeyboardEvent): void {
    if (event.key === "Escape" && !event.defaultPrevented) close();
  }

  return (
    <div className={classes.frame} data-opened={opened || undefined}>
      <a href={`#${CONTENT}`} className={classes.skip} onClick={skipToContent}>
        Skip to the content
      </a>
      <Pending />
      <TopBar>
        <Burger opened={opened} onClick={toggle} size="sm" aria-label="Navigation" aria-expanded={opened} />
      </TopBar>
      <nav className={classes.nav} aria-label="Main" onKeyDown={closeByEscape}>
        <div className={classes.places}>
          <Anchor component={Link} to="/" className={classes.brand} underline="never" onClick={close}>
            haymow
          </Anchor>
          <WorkspacePicker onPick={close} />
          <Navigation onNavigate={close} />
        </div>
        <Account />
      </nav>
      <main id={CONTENT} tabIndex={-1} className={classes.main} inert={opened && narrow}>
        <Screen />
      </main>
      <ConnectionLine />
    </div>
  );
}

/** The frame is painted first: what stands in it takes longer. */
function Screen() {
  return useDeferredValue(true, false) ? <Outlet /> : null;
}

/** What a narrow screen shows instead of the navigation, until that is opened. */
function TopBar({ children }: { children: ReactNode }) {
  const workspace = useCurrentWorkspaceName();
  return (
    <header className={classes.top}>
      {children}
      <Anchor component={Link} to="/" fw={700} c="inherit" underline="never">
        haymow
      </Anchor>
      <Text c="dimmed" truncate>
        {workspace}
      </Text>
    </header>
  );
}

/** A thin line while the next screen is on its way, if that takes long enough to wonder. */
function Pending() {
  const pending = useRouterState({ select: (state) => state.status === "pending" });
  return pending ? <div className={classes.pending} aria-hidden /> : null;
}

function skipToContent(event: { preventDefault: () => void }): void {
  event.preventDefault();
  focusTitle();
}

function useRememberedWorkspace(): void {
  const { workspace } = useParams({ strict: false });
  const current = useCurrentWorkspaceName();
  useEffect(() => {
    if (workspace !== undefined && workspace === current) rememberWorkspace(workspace);
  }, [workspace, current]);
}

/** A new screen begins at its title, unless it has put the focus elsewhere. The first one leaves it to the browser. */
function useFocusOnNavigation(close: () => void): void {
  const path = useRouterState({ select: (state) => state.resolvedLocation?.pathname });
  const before = useRef(path);
  useEffect(() => {
    if (before.current === path) return;
    const first = before.current === undefined;
    before.current = path;
    close();
    const content = document.getElementById(CONTENT);
    if (!first && !content?.contains(document.activeElement)) focusTitle();
  }, [path, close]);
}
