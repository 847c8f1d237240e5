import { type Query, queryOptions, useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { client, read, type Schemas } from "./client";

export type Secret = Schemas["Secret"];
export type SecretUse = Schemas["SecretUse"];

/** Who keeps a secret: a workspace, by its id, or the organization, which is null. */
export type SecretScope = string | null;

/** A value as somebody enters it. Without hosts, the server decides where it may go. */
export interface Entered {
  secret: string;
  hosts: string[] | null;
}

/** So many are fetched, a hundred at a time; the page says when there are more. */
const MOST_LISTED = 2_000;

/** The secrets that are seen from a workspace, its own and the organization's, by name and without values. */
export const secrets = (workspaceId: string) =>
  queryOptions({
    queryKey: ["secrets", workspaceId],
    queryFn: ({ signal }) => wholeList(workspaceId, signal),
  });

async function wholeList(
  workspaceId: string,
  signal: AbortSignal,
): Promise<{ secrets: Secret[]; total: number }> {
  const found: Secret[] = [];
  for (;;) {
    const page = await part(workspaceId, found.at(-1)?.secret_id, signal);
    found.push(...page.data);
    const isWhole = !page.has_more || page.data.length === 0;
    if (isWhole || found.length >= MOST_LISTED) return { secrets: found, total: page.total };
  }
}

function part(workspaceId: string, before: string | undefined, signal: AbortSignal) {
  const query = { limit: 100, field: "name" as const, order: "ASC" as const, before };
  return read(
    client.GET("/api/v2/workspaces/{workspace_id}/secrets", {
      params: { path: { workspace_id: workspaceId }, query },
      signal,
    }),
  );
}

/** The models that use a secret seen from a workspace, as far as one may see them; `total` counts the others too. */
export const uses = (workspaceId: string, secretId: string) =>
  queryOptions({
    queryKey: ["secrets", workspaceId, secretId, "uses"],
    queryFn: ({ signal }) =>
      read(
        client.GET("/api/v2/workspaces/{workspace_id}/secrets/{secret_id}/uses", {
          params: ofWorkspace(workspaceId, secretId),
          signal,
        }),
      ),
    staleTime: 15_000,
  });

/** Enter a new secret. */
export function createSecret(scope: SecretScope, name: string, entered: Entered): Promise<Secret> {
  const body = { name, ...entered };
  if (scope === null) return read(client.POST("/api/v2/secrets", { body }));
  const path = { workspace_id: scope };
  return read(client.POST("/api/v2/workspaces/{workspace_id}/secrets", { params: { path }, body }));
}

/** Enter a new value for a secret, and with it where it may go. */
export function replaceSecret(scope: SecretScope, secretId: string, entered: Entered): Promise<Secret> {
  const body = entered;
  if (scope === null) {
    return read(client.PUT("/api/v2/secrets/{secret_id}", { params: ofOrganization(secretId), body }));
  }
  const params = ofWorkspace(scope, secretId);
  return read(client.PUT("/api/v2/workspaces/{workspace_id}/secrets/{secret_id}", { params, body }));
}

/** Delete a secret; with `force` also one that models use. */
export async function deleteSecret(scope: SecretScope, secretId: string, force: boolean): Promise<void> {
  const query = { force };
  if (scope === null) {
    const params = { ...ofOrganization(secretId), query };
    await read(client.DELETE("/api/v2/secrets/{secret_id}", { params }));
    return;
  }
  const params = { ...ofWorkspace(scope, secretId), query };
  await read(client.DELETE("/api/v2/workspaces/{workspace_id}/secrets/{secret_id}", { params }));
}

const ofOrganization = (secretId: string) => ({ path: { secret_id: secretId } });
const ofWorkspace = (workspaceId: string, secretId: string) => ({
  path: { workspace_id: workspaceId, secret_id: secretId },
});

/**
 * To be called when a secret was changed, or with the one that was deleted, which no list shows from then on. Models
 * are asked for anew too: they are connected by what their secrets are.
 */
export function useSecretsChanged(workspaceId: string): (deleted?: Secret) => void {
  const queries = useQueryClient();
  return useCallback(
    (deleted) => {
      if (deleted) {
        queries.setQueryData(secrets(workspaceId).queryKey, (was) => was && without(was, deleted));
      }
      // Who used the one that is deleted is not asked any more, although its dialog is still closing.
      const predicate = ({ queryKey }: Query) => !queryKey.includes(deleted?.secret_id);
      for (const resource of ["secrets", "models"]) {
        void queries.invalidateQueries({ queryKey: [resource], predicate });
      }
    },
    [queries, workspaceId],
  );
}

function without(list: { secrets: Secret[]; total: number }, deleted: Secret) {
  const left = list.secrets.filter((one) => one.secret_id !== deleted.secret_id);
  return { secrets: left, total: list.total - 1 };
}
