import { queryOptions } from "@tanstack/react-query";
import { client, type Model, read, readDocuments } from "../../api/client";

/** The names of the models one may chat with, in order. */
export const served = (workspaceId: string) =>
  queryOptions({
    queryKey: ["models", workspaceId, "served"],
    queryFn: async ({ signal }) => {
      const path = { workspace_id: workspaceId };
      const { data } = await read(
        client.GET("/api/v2/workspaces/{workspace_id}/openai/v1/models", { params: { path }, signal }),
      );
      return data.map((model) => model.id);
    },
    staleTime: 30_000,
  });

/** The names of models that cannot answer now; null where there are too many to tell. */
export const unconnected = (workspaceId: string) =>
  queryOptions({
    queryKey: ["models", workspaceId, "unconnected"],
    queryFn: async ({ signal }) => {
      const params = { path: { workspace_id: workspaceId }, query: { connected: false } };
      const { data, has_more } = await read(
        client.GET("/api/v2/workspaces/{workspace_id}/models", { params, signal }),
      );
      return has_more ? null : data.map((model) => model.name);
    },
  });

/** A model by its name, with its definition; null where a name is an id, a revision's, or gone. */
export const named = (workspaceId: string, name: string | undefined) =>
  queryOptions({
    queryKey: ["models", workspaceId, "named", name],
    queryFn: async ({ signal }) => {
      const params = { path: { workspace_id: workspaceId }, query: { name } };
      const { data: found } = await readDocuments<{ data: Model[] }>(
        client.GET("/api/v2/workspaces/{workspace_id}/models", { params, parseAs: "text", signal }),
      );
      return found.data[0] ?? null;
    },
    enabled: name !== undefined,
  });
