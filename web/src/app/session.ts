import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { client, type Me, read } from "../api/client";
import { prefix } from "../api/place";
import { me } from "../api/queries";
import { attempted } from "./attempt";

type Proof = { token: string } | { code: string };

const COLOURS = "mantine-color-scheme-value";
const channel = new BroadcastChannel("haymow.session");

/** Begin a session with an API token, or with the code of a sign-in link. The cookie is out of the page's reach. */
export function useSignIn(): (proof: Proof) => Promise<Me> {
  const queries = useQueryClient();
  return useCallback(
    async (proof) => {
      const found = await attempted(JSON.stringify(proof), (key) =>
        read(client.POST("/api/v2/session", { body: proof, params: { header: { "Idempotency-Key": key } } })),
      );
      queries.clear();
      queries.setQueryData(me.queryKey, found);
      return found;
    },
    [queries],
  );
}

/** End the session on the server, and forget all that it showed: in this window, the others, and the browser's store. */
export function useSignOut() {
  return useMutation({
    mutationFn: () => read(client.DELETE("/api/v2/session")),
    onSuccess: () => {
      forgetStored();
      channel.postMessage("signed out");
      leave();
    },
  });
}

/** Leaves when another window signs out; a page that the browser had put aside is fetched anew. */
export function followSignOut(): void {
  channel.addEventListener("message", () => {
    forgetStored();
    leave();
  });
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) window.location.reload();
  });
}

function forgetStored(): void {
  sessionStorage.clear();
  for (const key of Object.keys(localStorage)) if (key !== COLOURS) localStorage.removeItem(key);
}

/** A new document: nothing of what was read is left in memory. */
function leave(): void {
  window.location.replace(`${prefix}/sign-in`);
}
