import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useCallback, useEffect } from "react";
import { useKept } from "./kept";
import type { PlaygroundSearch } from "./search";

const NOTHING_CHOSEN = { initial: {} as PlaygroundSearch };

/** The models that the address names; where it names none, those that were chosen last in this tab. */
export function useChoice(workspaceId: string) {
  const { model, beside } = useSearch({ strict: false });
  const { workspace = "" } = useParams({ strict: false });
  const [last, setLast] = useKept(`${workspaceId} choice`, NOTHING_CHOSEN);
  const navigate = useNavigate();
  // Going back leaves the playground, not the choice.
  const choose = useCallback(
    (search: PlaygroundSearch) =>
      void navigate({ to: "/w/$workspace/playground", params: { workspace }, search, replace: true }),
    [navigate, workspace],
  );
  const isNamed = model !== undefined || beside !== undefined;
  useEffect(() => {
    if (isNamed) setLast({ model, beside });
  }, [isNamed, model, beside, setLast]);
  useEffect(() => {
    if (!isNamed && last.model !== undefined) choose(last);
  }, [isNamed, last, choose]);
  return { model, beside, choose };
}
