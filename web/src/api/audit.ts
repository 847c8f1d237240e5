import { infiniteQueryOptions } from "@tanstack/react-query";
import { client, read, type Schemas } from "./client";

export type AuditRecord = Schemas["AuditRecord"];

/** Which records are wanted; those that are left out filter nothing. Times are instants, `until` is not in it. */
export interface AuditFilters {
  action?: string;
  user_id?: string;
  subject_id?: string;
  since?: string;
  until?: string;
}

/** The record of changes, newest first, of a workspace or, for null, of the whole organization. */
export const audit = (workspaceId: string | null, filters: AuditFilters) =>
  infiniteQueryOptions({
    queryKey: ["audit", workspaceId, filters],
    queryFn: ({ pageParam, signal }) => {
      const query = { ...filters, limit: 100, before: pageParam };
      if (workspaceId === null) return read(client.GET("/api/v2/audit", { params: { query }, signal }));
      const params = { path: { workspace_id: workspaceId }, query };
      return read(client.GET("/api/v2/workspaces/{workspace_id}/audit", { params, signal }));
    },
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (last) => last.next_cursor ?? undefined,
  });
