import { client, type Model, read, readDocuments, readTagged, type Schemas } from "./client";
import type { Definition } from "./definition";

/** Where a model is kept: a workspace, by its id, or the organization, which is null. */
export type ModelScope = string | null;

export interface Tagged {
  data: Model;
  etag: string;
}

/** A model as it is now, with the ETag that a change has to name. */
export function readModel(scope: ModelScope, modelId: string, signal?: AbortSignal): Promise<Tagged> {
  if (scope === null) {
    const params = { path: { model_id: modelId } };
    return readDocuments(client.GET("/api/v2/models/{model_id}", { params, signal, parseAs: "text" }));
  }
  const params = { path: { workspace_id: scope, model_id: modelId } };
  return readDocuments(
    client.GET("/api/v2/workspaces/{workspace_id}/models/{model_id}", { params, signal, parseAs: "text" }),
  );
}

/** Create a model in a workspace or in the organization. */
export function createModel(scope: ModelScope, body: Definition): Promise<Tagged> {
  if (scope === null) return readTagged(client.POST("/api/v2/models/custom", { body }));
  const params = { path: { workspace_id: scope } };
  return readTagged(client.POST("/api/v2/workspaces/{workspace_id}/models/custom", { params, body }));
}

/** Change some fields of a model, if it still is the revision that was read: otherwise a Problem of status 412. */
export function updateModel(
  scope: ModelScope,
  modelId: string,
  etag: string,
  body: Partial<Definition>,
): Promise<Tagged> {
  const headers = { "if-match": etag };
  if (scope === null) {
    const params = { path: { model_id: modelId } };
    return readTagged(client.PATCH("/api/v2/models/custom/{model_id}", { params, body, headers }));
  }
  const params = { path: { workspace_id: scope, model_id: modelId } };
  return readTagged(
    client.PATCH("/api/v2/workspaces/{workspace_id}/models/custom/{model_id}", { params, body, headers }),
  );
}

/** What saving would answer, without saving; `modelId` is null for a new model. Faults are thrown as a Problem. */
export function checkModel(
  scope: ModelScope,
  modelId: string | null,
  definition: Definition,
): Promise<Schemas["ValidationResult"]> {
  const body = { ...definition, model_id: modelId };
  if (scope === null) return read(client.POST("/api/v2/models/validate", { body }));
  const params = { path: { workspace_id: scope } };
  return read(client.POST("/api/v2/workspaces/{workspace_id}/models/validate", { params, body }));
}
