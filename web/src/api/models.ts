import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { client, type Model, read, readDocuments, type Schemas } from "./client";
import { statesOf } from "./model-states";

export type Revision = Schemas["Revision"];
export type ConnectionTest = Schemas["ConnectionTest"];
export type Origin = Schemas["ModelOrigin"];

/** Which models of a list, and in which order; the server's own words. */
export interface ModelFilters {
  q?: string;
  provider?: string;
  origin?: Origin;
  connected?: boolean;
  sort?: Sort;
  include_shadowed?: boolean;
}

export type Sort =
  | "name"
  | "provider"
  | "created_at"
  | "updated_at"
  | `-${"name" | "provider" | "created_at" | "updated_at"}`;

export const PAGE_SIZE = 100;

/** What the keys of a list's pages begin with. */
export const pagesKey = (workspaceId: string) => ["models", workspaceId, "page"] as const;

/** A page of the models that a workspace sees; the first is page 1. */
export const modelPage = (workspaceId: string, filters: ModelFilters, page: number) =>
  queryOptions({
    queryKey: [...pagesKey(workspaceId), filters, page] as const,
    queryFn: ({ signal }) =>
      read(
        client.GET("/api/v2/workspaces/{workspace_id}/models", {
          params: {
            path: { workspace_id: workspaceId },
            query: { ...filters, limit: PAGE_SIZE, page_number: page },
          },
          signal,
        }),
      ),
    staleTime: 15_000,
  });

/** A model as a workspace sees it, with the ETag that a change of it has to name. */
export const model = (workspaceId: string, modelId: string) =>
  queryOptions({
    queryKey: ["models", workspaceId, "one", modelId] as const,
    queryFn: ({ signal }) =>
      readDocuments<Model>(
        client.GET("/api/v2/workspaces/{workspace_id}/models/{model_id}", {
          params: { path: { workspace_id: workspaceId, model_id: modelId } },
          parseAs: "text",
          signal,
        }),
      ),
  });

/** Why a model is or is not connected, and what hides it or is hidden by it. Asked for many models at once. */
export const modelState = (workspaceId: string, model: Pick<Model, "model_id" | "updated_at">) =>
  queryOptions({
    queryKey: ["models", workspaceId, "state", model.model_id, model.updated_at ?? null] as const,
    queryFn: () => statesOf(workspaceId).load(model.model_id),
    staleTime: 30_000,
    retry: false,
  });

/** One page of a model's revisions, newest first; those of a deleted model too. */
export const revisions = (workspaceId: string, modelId: string, page: number) =>
  queryOptions({
    queryKey: ["models", workspaceId, "revisions", modelId, page] as const,
    queryFn: ({ signal }) =>
      read(
        client.GET("/api/v2/workspaces/{workspace_id}/models/{model_id}/revisions", {
          params: {
            path: { workspace_id: workspaceId, model_id: modelId },
            query: { limit: REVISIONS_SHOWN, page_number: page },
          },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
  });

export const REVISIONS_SHOWN = 20;

/** A definition as it was saved once: it never changes. */
export const revision = (workspaceId: string, modelId: string, number: number) =>
  queryOptions({
    queryKey: ["models", workspaceId, "revision", modelId, number] as const,
    queryFn: async ({ signal }) => {
      const { data } = await readDocuments<Revision>(
        client.GET("/api/v2/workspaces/{workspace_id}/models/{model_id}/revisions/{revision}", {
          params: { path: { workspace_id: workspaceId, model_id: modelId, revision: number } },
          parseAs: "text",
          signal,
        }),
      );
      return data;
    },
    staleTime: Number.POSITIVE_INFINITY,
  });

export type PipelineComponent = "llm" | "agent" | "generator";
export type PipelineMode = "remote" | "local" | "pasted";

/** The YAML of a pipeline with the model in it, as haymow writes it. */
export const pipeline = (
  workspaceId: string,
  modelId: string,
  component: PipelineComponent,
  mode: PipelineMode,
) =>
  queryOptions({
    queryKey: ["models", workspaceId, "pipeline", modelId, component, mode] as const,
    queryFn: ({ signal }) =>
      read(
        client.GET("/api/v2/workspaces/{workspace_id}/models/{model_id}/pipeline", {
          params: { path: { workspace_id: workspaceId, model_id: modelId }, query: { component, mode } },
          parseAs: "text",
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
  });

/** Make one small chat with a model. Its failure is an answer too. */
export function testModel(workspaceId: string, modelId: string): Promise<ConnectionTest> {
  return read(
    client.POST("/api/v2/workspaces/{workspace_id}/models/{model_id}/test", {
      params: { path: { workspace_id: workspaceId, model_id: modelId } },
    }),
  );
}

/** A model to be changed, as it was seen: with another revision in between, haymow refuses with 412. */
export interface Seen {
  workspaceId: string;
  modelId: string;
  origin: Origin;
  /** The ETag; null for a deleted model, which has none. */
  etag: string | null;
}

export async function deleteModel({ workspaceId, modelId, origin, etag }: Seen): Promise<void> {
  const headers = ifMatch(etag);
  if (origin === "ORGANIZATION") {
    const path = { model_id: modelId };
    await read(client.DELETE("/api/v2/models/custom/{model_id}", { params: { path }, headers }));
    return;
  }
  const path = { workspace_id: workspaceId, model_id: modelId };
  await read(
    client.DELETE("/api/v2/workspaces/{workspace_id}/models/custom/{model_id}", {
      params: { path },
      headers,
    }),
  );
}

/** Make an older revision the newest again. */
export function restoreRevision(
  { workspaceId, modelId, origin, etag }: Seen,
  number: number,
): Promise<Model> {
  const headers = ifMatch(etag);
  const path = { model_id: modelId, revision: number };
  if (origin === "ORGANIZATION") {
    return read(
      client.POST("/api/v2/models/{model_id}/revisions/{revision}/restore", { params: { path }, headers }),
    );
  }
  return read(
    client.POST("/api/v2/workspaces/{workspace_id}/models/{model_id}/revisions/{revision}/restore", {
      params: { path: { ...path, workspace_id: workspaceId } },
      headers,
    }),
  );
}

function ifMatch(etag: string | null): Record<string, string> {
  return etag === null ? {} : { "If-Match": etag };
}
