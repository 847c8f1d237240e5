import { type Batches, batches } from "./batches";
import { client, read, type Schemas } from "./client";

export type ModelState = Schemas["ModelState"];

const MOST_AT_ONCE = 100;
/** Rows that come into sight in one movement are asked for together. */
const GATHERED_FOR_MS = 20;

const workspaces = new Map<string, Batches<ModelState>>();

/** The states of a workspace's models, asked for in batches. */
export function statesOf(workspaceId: string): Batches<ModelState> {
  const known = workspaces.get(workspaceId);
  if (known) return known;
  const made = batches((ids) => ask(workspaceId, ids), MOST_AT_ONCE, GATHERED_FOR_MS);
  workspaces.set(workspaceId, made);
  return made;
}

async function ask(workspaceId: string, ids: string[]): Promise<Map<string, ModelState>> {
  const found = await read(
    client.GET("/api/v2/workspaces/{workspace_id}/model_states", {
      params: { path: { workspace_id: workspaceId }, query: { model_id: ids } },
    }),
  );
  return new Map(found.data.map((state) => [state.model_id, state]));
}
