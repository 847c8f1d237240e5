import { infiniteQueryOptions, queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { client, read, type Schemas } from "./client";

export type Token = Schemas["Token"];

/** One's own API tokens, the oldest first and a thousand at a time; an administrator's list has everyone's. */
export const tokens = infiniteQueryOptions({
  queryKey: ["tokens"],
  queryFn: ({ pageParam, signal }) =>
    read(client.GET("/api/v2/tokens", { params: { query: { after: pageParam } }, signal })),
  initialPageParam: undefined as string | undefined,
  getNextPageParam: (last) => last.next_cursor ?? undefined,
});

/** How much a workspace has of its own: what its deletion would take along. */
export const workspaceContents = (workspaceId: string) =>
  queryOptions({
    queryKey: ["workspaces", workspaceId, "contents"],
    queryFn: async () => {
      const path = { workspace_id: workspaceId };
      const [models, secrets] = await Promise.all([
        read(
          client.GET("/api/v2/workspaces/{workspace_id}/models", {
            params: { path, query: { origin: "WORKSPACE", include_shadowed: true, limit: 5 } },
          }),
        ),
        read(
          client.GET("/api/v2/workspaces/{workspace_id}/secrets", {
            params: { path, query: { limit: 100 } },
          }),
        ),
      ]);
      return {
        models: models.total,
        modelNames: models.data.map((model) => model.name),
        secrets: secrets.data.length,
        moreSecrets: secrets.has_more,
      };
    },
    staleTime: 0,
  });

/** A change of who may do what; it is done when what it touches has been read again. No answer outlives its dialog. */
function useChange<Input, Output>(change: (input: Input) => Promise<Output>, ...resources: string[]) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: change,
    gcTime: 0,
    onSuccess: () =>
      Promise.all(resources.map((resource) => queries.invalidateQueries({ queryKey: [resource] }))),
  });
}

/** Makes an empty workspace. */
export function useCreateWorkspace() {
  return useChange(
    (name: string) => read(client.POST("/api/v1/workspaces", { body: { name } })),
    "workspaces",
  );
}

/** Deletes a workspace; with `force` also one that has models or secrets. */
export function useDeleteWorkspace() {
  return useChange(
    ({ name, force }: { name: string; force: boolean }) =>
      read(client.DELETE("/api/v1/workspaces/{name}", { params: { path: { name }, query: { force } } })),
    "workspaces",
    "members",
    "tokens",
  );
}

/** Brings a new person into the organization. */
export function useAddPerson() {
  return useChange(
    (person: Schemas["CreateMember"]) => read(client.POST("/api/v2/members", { body: person })),
    "members",
  );
}

/** Gives a person another role in the organization. */
export function useSetRole() {
  return useChange(
    (wanted: Schemas["PutMember"]) => read(client.PUT("/api/v2/members", { body: wanted })),
    "members",
  );
}

/** Takes a person out of the organization, and ends their tokens. */
export function useRemovePerson() {
  return useChange(
    (userId: string) =>
      read(client.DELETE("/api/v2/members/{user_id}", { params: { path: { user_id: userId } } })),
    "members",
    "tokens",
  );
}

/** Makes a person a member of a workspace, or gives a member another role there. */
export function useSetWorkspaceRole(workspaceId: string) {
  return useChange(
    (wanted: Schemas["PutMember"]) =>
      read(
        client.PUT("/api/v2/workspaces/{workspace_id}/members", {
          params: { path: { workspace_id: workspaceId } },
          body: wanted,
        }),
      ),
    "members",
  );
}

/** Takes a person out of a workspace. */
export function useRemoveWorkspaceMember(workspaceId: string) {
  return useChange(
    (userId: string) =>
      read(
        client.DELETE("/api/v2/workspaces/{workspace_id}/members/{user_id}", {
          params: { path: { workspace_id: workspaceId, user_id: userId } },
        }),
      ),
    "members",
  );
}

/** Makes an API token. Its text is in the answer this once, and is forgotten with the dialog that shows it. */
export function useCreateToken() {
  return useChange(
    (wanted: Schemas["CreateToken"]) => read(client.POST("/api/v2/tokens", { body: wanted })),
    "tokens",
  );
}

/** Ends an API token at once. */
export function useRevokeToken() {
  return useChange(
    (tokenId: string) =>
      read(client.DELETE("/api/v2/tokens/{token_id}", { params: { path: { token_id: tokenId } } })),
    "tokens",
  );
}
