import { QueryClient, queryOptions } from "@tanstack/react-query";
import { client, isSignedOut, read } from "./client";
import { Problem } from "./problem";

/** Server state. What changed is asked for anew when it is looked at again; a refusal is never tried twice. */
export function newQueryClient(onSignedOut: () => void): QueryClient {
  const queries = new QueryClient({
    defaultOptions: {
      // Without a network haymow on this very machine still answers.
      mutations: { networkMode: "always" },
      queries: {
        networkMode: "always",
        staleTime: 5_000,
        retry: (count, error) => count < 2 && !(error instanceof Problem && error.status < 500),
      },
    },
  });
  const watch = (error: unknown): void => {
    if (isSignedOut(error)) onSignedOut();
  };
  queries.getQueryCache().config.onError = watch;
  queries.getMutationCache().config.onError = watch;
  return queries;
}

/** Who is signed in, and what they may do. */
export const me = queryOptions({
  queryKey: ["me"],
  queryFn: () => read(client.GET("/api/v2/me")),
  staleTime: 60_000,
  retry: false,
});

/** The workspaces that the person may see, by name. */
export const workspaces = queryOptions({
  queryKey: ["workspaces"],
  queryFn: () => read(client.GET("/api/v1/workspaces")),
  staleTime: 30_000,
});

/** Every generator that haymow knows, without its schema. */
export const generators = queryOptions({
  queryKey: ["generators"],
  queryFn: () => read(client.GET("/api/v2/generators")),
  staleTime: Number.POSITIVE_INFINITY,
});

/** One generator with the JSON Schema of its init_parameters. */
export const generator = (name: string) =>
  queryOptions({
    queryKey: ["generators", name],
    queryFn: () => read(client.GET("/api/v2/generators/{name}", { params: { path: { name } } })),
    staleTime: Number.POSITIVE_INFINITY,
  });

/** The well-known providers: their generators, what their secrets are usually called, where they may go. */
export const providers = queryOptions({
  queryKey: ["providers"],
  queryFn: () => read(client.GET("/api/v2/providers")),
  staleTime: Number.POSITIVE_INFINITY,
});
