import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Definition } from "../../../api/definition";
import { same } from "../../../api/differences";
import {
  checkModel,
  createModel,
  type ModelScope,
  readModel,
  type Tagged,
  updateModel,
} from "../../../api/model-changes";
import { asProblem, type Problem } from "../../../api/problem";
import type { Editing } from "./use-draft";

/** Saving and checking, and what may come of them. */
export interface Saving {
  isBusy: boolean;
  /** What was refused; faults that have a field are shown there as well. */
  problem: Problem | null;
  /** Whether it was a check that was refused, and nothing was to be saved. */
  isCheck: boolean;
  /** The words of a check that found nothing. */
  praise: string | null;
  /** The revision that somebody else saved meanwhile. */
  newer: Tagged | null;
  /** Whether the model was deleted meanwhile. */
  isGone: boolean;
  check: () => void;
  save: () => void;
  /** Create what is here as a new model. */
  saveAnew: () => void;
  /** Forget what the last try came to. */
  forget: () => void;
  refuse: (problem: Problem) => void;
}

export function useSaving(
  scope: ModelScope,
  modelId: string | null,
  editing: Editing,
  onSaved: (modelId: string) => void,
): Saving {
  const queries = useQueryClient();
  const [outcome, setOutcome] = useState<Outcome>(NOTHING);

  const saving = useMutation({
    mutationFn: (anew: boolean) =>
      modelId === null || anew || !editing.base
        ? createModel(scope, editing.definition)
        : updateModel(scope, modelId, editing.base.etag, changesOf(editing.from, editing.definition)),
    onSuccess: async ({ data }) => {
      onSaved(data.model_id);
      await queries.invalidateQueries({ queryKey: ["models"] });
    },
    onError: (error) => refuse(asProblem(error)),
  });
  const checking = useMutation({
    mutationFn: () => checkModel(scope, modelId, editing.definition),
    onSuccess: ({ connected }) => {
      editing.setFaults([]);
      const missing =
        connected === false ? " A secret that it needs has no value yet, or its last test failed." : "";
      setOutcome({ ...NOTHING, praise: `haymow would take this as it is.${missing}` });
    },
    onError: (error) => refuse(asProblem(error), true),
  });
  const fetching = useMutation({
    mutationFn: (id: string) => readModel(scope, id),
    onSuccess: (newer) => setOutcome({ ...NOTHING, newer }),
    onError: (error) => refuse(asProblem(error)),
  });

  function refuse(problem: Problem, isCheck = false): void {
    editing.setFaults(problem.status === 409 ? [ofName(problem)] : problem.faults);
    if (problem.status === 412 && modelId !== null) fetching.mutate(modelId);
    else setOutcome({ ...NOTHING, problem, isCheck, isGone: problem.status === 404 && modelId !== null });
  }

  return {
    ...outcome,
    isBusy: saving.isPending || checking.isPending || fetching.isPending,
    check: () => checking.mutate(),
    save: () => saving.mutate(false),
    saveAnew: () => saving.mutate(true),
    forget: () => setOutcome(NOTHING),
    refuse,
  };
}

type Outcome = Pick<Saving, "problem" | "isCheck" | "praise" | "newer" | "isGone">;

const NOTHING: Outcome = { problem: null, isCheck: false, praise: null, newer: null, isGone: false };

const ofName = (problem: Problem) => ({ pointer: "#/name", code: problem.code, message: problem.message });

/** The fields that changed, and no others: what somebody else does to the rest is not undone. */
export function changesOf(from: Definition, to: Definition): Partial<Definition> {
  const entries = Object.entries(to).filter(
    ([field, value]) => !same(value, from[field as keyof Definition]),
  );
  return Object.fromEntries(entries);
}
