import { useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { client, type Me, read } from "../api/client";
import { me } from "../api/queries";

type Proof = { token: string } | { code: string };

/** Begin a session with an API token, or with the code of a sign-in link. The cookie is out of the page's reach. */
export function useSignIn(): (proof: Proof) => Promise<Me> {
  const queries = useQueryClient();
  return useCallback(
    async (proof) => {
      const found = await read(client.POST("/api/v2/session", { body: proof }));
      queries.clear();
      queries.setQueryData(me.queryKey, found);
      return found;
    },
    [queries],
  );
}

/** End the session on the server, and forget all that it showed. */
export function useSignOut(): () => Promise<void> {
  const queries = useQueryClient();
  return useCallback(async () => {
    await read(client.DELETE("/api/v2/session"));
    queries.clear();
  }, [queries]);
}
