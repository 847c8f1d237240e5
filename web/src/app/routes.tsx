import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  Outlet,
  type RouteComponent,
  redirect,
} from "@tanstack/react-router";
import { tokens } from "../api/access";
import { isSignedOut } from "../api/client";
import { people, workspaceMembers } from "../api/members";
import { modelPage } from "../api/models";
import { prefix } from "../api/place";
import { me, providers, workspaces } from "../api/queries";
import { parseAuditSearch } from "../features/audit/search";
import { parseDetailSearch } from "../features/models/detail/search";
import { ListPage } from "../features/models/list/list-page";
import { filtersOf, parseListSearch } from "../features/models/list/search";
import { parsePlaygroundSearch } from "../features/playground/search";
import { parseSecretsSearch } from "../features/secrets/search";
import { lastWorkspace } from "../ui/last-workspace";
import { noWorkspace } from "../ui/workspace";
import { Bare } from "./bare";
import { NotFound } from "./not-found";
import { FrameFailure, RouteFailure } from "./route-failure";
import { screen } from "./screen";
import { Shell } from "./shell";
import { SignIn } from "./sign-in";
import { WorkspaceFailure } from "./unknown-workspace";

interface Context {
  queries: QueryClient;
}

/** How long a route is waited for before its place is shown empty: for ever. */
const NEVER = Number.POSITIVE_INFINITY;

const root = createRootRouteWithContext<Context>()({
  component: Outlet,
  pendingMs: NEVER,
  notFoundComponent: () => (
    <Bare>
      <NotFound />
    </Bare>
  ),
  errorComponent: FrameFailure,
});

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  component: SignIn,
  validateSearch: (search: Record<string, unknown>): { next?: string } =>
    typeof search.next === "string" ? { next: search.next } : {},
});

const signedIn = createRoute({
  getParentRoute: () => root,
  id: "signed-in",
  pendingMs: NEVER,
  component: Shell,
  beforeLoad: async ({ context, location, matches }) => {
    try {
      const known = [context.queries.ensureQueryData(me), context.queries.ensureQueryData(workspaces)];
      fetchCode(matches.map((match) => match.routeId));
      await Promise.all(known);
    } catch (error) {
      if (isSignedOut(error)) throw redirect({ to: "/sign-in", search: { next: location.href } });
      throw error;
    }
  },
  errorComponent: FrameFailure,
});

const home = createRoute({
  getParentRoute: () => signedIn,
  path: "/",
  beforeLoad: async ({ context }) => {
    const known = await context.queries.ensureQueryData(workspaces);
    const name = lastWorkspace(known.map((one) => one.name));
    if (name !== null) throw redirect({ to: "/w/$workspace/models", params: { workspace: name } });
    throw redirect({ to: "/settings/workspaces" });
  },
});

const workspace = createRoute({
  getParentRoute: () => signedIn,
  path: "/w/$workspace",
  beforeLoad: async ({ context, params }) => ({
    workspaceId: await workspaceIdOf(context.queries, params.workspace),
  }),
  // With the screen's code, and not after it: every screen asks for the role here, and what waits for it is held back.
  loader: ({ context }) => context.queries.prefetchQuery(workspaceMembers(context.workspaceId)),
  errorComponent: WorkspaceFailure,
});
const settings = createRoute({ getParentRoute: () => signedIn, path: "/settings" });

/** Features are fetched when they are first opened; the list, which most people see first, is here already. */
const models = createRoute({
  getParentRoute: () => workspace,
  path: "/models",
  validateSearch: parseListSearch,
  component: ListPage,
  // Asked for beside the role, and not waited for: the list has rows that say that they are on their way.
  beforeLoad: ({ context, search }) => {
    void context.queries.prefetchQuery(modelPage(context.workspaceId, filtersOf(search), 1));
    void context.queries.prefetchQuery(providers);
  },
});
const newModel = createRoute({
  getParentRoute: () => workspace,
  path: "/models/new",
  validateSearch: (search: Record<string, unknown>): { from?: string } =>
    typeof search.from === "string" ? { from: search.from } : {},
  component: screen(() => import("../features/models/edit/edit-page"), "NewPage"),
});
const model = createRoute({
  getParentRoute: () => workspace,
  path: "/models/$modelId",
  validateSearch: parseDetailSearch,
  component: screen(() => import("../features/models/detail/detail-page"), "DetailPage"),
});
const editModel = createRoute({
  getParentRoute: () => workspace,
  path: "/models/$modelId/edit",
  component: screen(() => import("../features/models/edit/edit-page"), "EditPage"),
});
const playground = createRoute({
  getParentRoute: () => workspace,
  path: "/playground",
  validateSearch: parsePlaygroundSearch,
  component: screen(() => import("../features/playground/playground-page"), "PlaygroundPage"),
});
const secrets = createRoute({
  getParentRoute: () => workspace,
  path: "/secrets",
  validateSearch: parseSecretsSearch,
  component: screen(() => import("../features/secrets/secrets-page"), "SecretsPage"),
});
const audit = createRoute({
  getParentRoute: () => workspace,
  path: "/audit",
  validateSearch: parseAuditSearch,
  component: screen(() => import("../features/audit/audit-page"), "AuditPage"),
});
const membersOfWorkspace = createRoute({
  getParentRoute: () => workspace,
  path: "/members",
  loader: ({ context }) =>
    Promise.all([
      context.queries.ensureQueryData(workspaceMembers(context.workspaceId)),
      // A token of one workspace may not see the organization's people; the screen goes without them.
      context.queries.prefetchQuery(people),
    ]),
  component: screen(() => import("../features/settings/workspace-members-page"), "WorkspaceMembersPage"),
});
const settingsWorkspaces = createRoute({
  getParentRoute: () => settings,
  path: "/workspaces",
  component: screen(() => import("../features/settings/workspaces-page"), "WorkspacesPage"),
});
const settingsMembers = createRoute({
  getParentRoute: () => settings,
  path: "/members",
  loader: ({ context }) => context.queries.ensureQueryData(people),
  component: screen(() => import("../features/settings/people-page"), "PeoplePage"),
});
const settingsTokens = createRoute({
  getParentRoute: () => settings,
  path: "/tokens",
  validateSearch: (search: Record<string, unknown>): { for?: string } =>
    typeof search.for === "string" ? { for: search.for } : {},
  loader: ({ context }) => context.queries.ensureInfiniteQueryData(tokens),
  component: screen(() => import("../features/settings/tokens-page"), "TokensPage"),
});

const tree = root.addChildren([
  signIn,
  signedIn.addChildren([
    home,
    workspace.addChildren([
      models,
      newModel,
      model,
      editModel,
      playground,
      secrets,
      audit,
      membersOfWorkspace,
    ]),
    settings.addChildren([settingsWorkspaces, settingsMembers, settingsTokens]),
  ]),
]);

export const router = createRouter({
  routeTree: tree,
  basepath: prefix || "/",
  context: { queries: undefined as unknown as QueryClient },
  defaultPreload: "intent",
  // What was fetched is kept by the queries, and they know how long it is good.
  defaultPreloadStaleTime: 0,
  defaultErrorComponent: RouteFailure,
  // The frame does not wait for the first screen in it. Later the screen before stays until the next one is there.
  defaultPendingComponent: () => null,
  defaultPendingMs: 0,
  defaultPendingMinMs: 0,
  defaultNotFoundComponent: NotFound,
  scrollRestoration: true,
  // What a screen's address does not understand is dropped; left to itself, the router hands it on as it came.
  search: { strict: true },
});

const stop = router.subscribe("onResolved", () => {
  stop();
  router.update({ ...router.options, defaultPendingMs: NEVER });
});

/** Fetch the screen's code while haymow is asked who is there. What fails here is asked for again, and told then. */
function fetchCode(routeIds: readonly string[]): void {
  const routes: Record<string, { options: { component?: RouteComponent } }> = router.routesById;
  for (const id of routeIds) routes[id]?.options.component?.preload?.()?.catch(() => undefined);
}

/** Raises the problem when there is none: one that somebody has just made is asked for. */
async function workspaceIdOf(queries: QueryClient, name: string): Promise<string> {
  const known = await queries.ensureQueryData(workspaces);
  const found =
    known.find((one) => one.name === name) ??
    (await queries.fetchQuery({ ...workspaces, staleTime: 0 })).find((one) => one.name === name);
  if (!found) throw noWorkspace(name);
  return found.workspace_id;
}

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
