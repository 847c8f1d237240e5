import { useEffect, useState } from "react";
import type { Definition } from "../../../api/definition";
import { differences, same } from "../../../api/differences";
import type { Fault } from "../../../api/problem";
import { type Base, type Draft, drafts } from "./drafts";
import { standing } from "./faults";

/** What is being edited: one definition, of which the form and the raw text are views. */
export interface Editing extends Draft {
  /** What a change is compared with. */
  from: Definition;
  isChanged: boolean;
  /** Whether it was found in this tab, from before. */
  isRestored: boolean;
  faults: readonly Fault[];
  change: (definition: Definition) => void;
  setUnfinished: (unfinished: Draft["unfinished"]) => void;
  setFaults: (faults: readonly Fault[]) => void;
  /** Go on from another revision: the one that a merge was made with, or the one now. */
  rebase: (base: Base | null, definition: Definition) => void;
  /** Forget what was typed. */
  drop: () => void;
}

/** `start` is what a new model begins with; what was typed here before, by the same person, goes before it. */
export function useDraft(person: string, address: string, base: Base | null, start: Definition): Editing {
  const [isRestored, setIsRestored] = useState(() => drafts.read(person, address) !== null);
  const [draft, setDraft] = useState<Draft>(
    () => drafts.read(person, address) ?? { definition: base?.definition ?? start, base, unfinished: null },
  );
  const [faults, setFaults] = useState<readonly Fault[]>([]);
  const from = draft.base?.definition ?? start;
  const isChanged = draft.unfinished !== null || !same(draft.definition, from);

  useEffect(() => {
    if (isChanged) drafts.keep(person, address, draft);
    else drafts.drop(person, address);
  }, [person, address, draft, isChanged]);

  return {
    ...draft,
    from,
    isChanged,
    isRestored: isRestored && isChanged,
    faults,
    setFaults,
    change(definition) {
      const changed = differences(draft.definition, definition).map(({ pointer }) => pointer);
      setFaults((before) => standing(before, changed));
      setDraft((before) => ({ ...before, definition, unfinished: null }));
    },
    setUnfinished: (unfinished) => setDraft((before) => ({ ...before, unfinished })),
    rebase: (newBase, definition) => setDraft({ base: newBase, definition, unfinished: null }),
    drop() {
      // At once: the page may be left before another effect runs.
      drafts.drop(person, address);
      setDraft({ base, definition: base?.definition ?? start, unfinished: null });
      setFaults([]);
      setIsRestored(false);
    },
  };
}
