import { Button, Group, SegmentedControl, Text } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { useSuspenseQuery } from "@tanstack/react-query";
import { useLocation, useNavigate, useParams } from "@tanstack/react-router";
import { type ReactNode, useCallback, useEffect, useRef, useState } from "react";
import { type Definition, definitionOf } from "../../../api/definition";
import { same } from "../../../api/differences";
import type { ModelScope } from "../../../api/model-changes";
import { Problem } from "../../../api/problem";
import { me } from "../../../api/queries";
import { Page } from "../../../ui/page";
import { DefinitionViews, type View } from "./definition-views";
import type { Base } from "./drafts";
import classes from "./editor.module.css";
import { LeaveDialog } from "./leave-dialog";
import { MergeDialog } from "./merge-dialog";
import { Outcome } from "./outcome";
import { SaveDialog } from "./save-dialog";
import { useDraft } from "./use-draft";
import { useSaving } from "./use-saving";

interface Props {
  title: string;
  scope: ModelScope;
  /** Null for a new model. */
  modelId: string | null;
  /** What was read; null for a new model. */
  base: Base | null;
  /** What a new model begins with. */
  start: Definition;
  /** Above the form: whose model this is. */
  children?: ReactNode;
}

const VIEWS = [
  { value: "form", label: "Form" },
  { value: "json", label: "JSON" },
  { value: "yaml", label: "YAML" },
];

const UNFINISHED = "Something here is half written: finish it, or empty its field.";

/** The editor of one definition: as a form or as text, checked, compared and saved. */
export function Editor({ title, scope, modelId, base, start, children }: Props) {
  const { data: person } = useSuspenseQuery(me);
  const address = useLocation({ select: (location) => location.pathname });
  const editing = useDraft(person.user_id, address, base, start);
  const isSaved = useRef(false);
  const toModel = useToModel();
  const saving = useSaving(scope, modelId, editing, (id) => {
    isSaved.current = true;
    editing.drop();
    void toModel(id);
  });
  const [view, setView] = useState<View>(editing.unfinished?.view ?? "form");
  const [isAsking, setIsAsking] = useState(false);
  const { onUnfinished, hasUnfinished } = useUnfinished();
  const area = useFirstFault(saving.problem);

  function ifFinished(then: () => void): void {
    if (editing.unfinished === null && !hasUnfinished()) then();
    else saving.refuse(new Problem(0, "unfinished", UNFINISHED));
  }
  function save(): void {
    saving.forget();
    if (editing.base) setIsAsking(true);
    else saving.save();
  }
  function check(): void {
    setIsAsking(false);
    saving.check();
  }
  // A copy is saved as it is, without a change.
  const isSavable = editing.base === null || editing.isChanged;
  useHotkeys([["mod+S", () => isSavable && !saving.isBusy && ifFinished(save)]], [], true);

  return (
    <Page
      title={title}
      actions={
        <SegmentedControl
          aria-label="Show as"
          size="xs"
          data={VIEWS}
          value={view}
          onChange={(next) => ifFinished(() => setView(next as View))}
        />
      }
    >
      <div ref={area} className={classes.area}>
        <Outcome editing={editing} saving={saving} isForm={view === "form"} />
        {children}
        <DefinitionViews view={view} scope={scope} editing={editing} onUnfinished={onUnfinished} />
      </div>
      <Group className={classes.foot} justify="flex-end" gap="xs">
        <Text size="xs" role="status" mr="auto">
          {saving.praise ?? (editing.isChanged ? "Not saved yet" : editing.base ? "No changes" : "")}
        </Text>
        <Button variant="default" onClick={() => ifFinished(check)} disabled={saving.isBusy}>
          Check
        </Button>
        <Button onClick={() => ifFinished(save)} loading={saving.isBusy} disabled={!isSavable}>
          {editing.base ? "Save …" : "Create model"}
        </Button>
      </Group>
      <SaveDialog
        opened={isAsking && saving.newer === null && saving.problem === null}
        // A refusal moves the focus to what is wrong.
        returnFocus={saving.problem === null}
        from={editing.from}
        to={editing.definition}
        isBusy={saving.isBusy}
        onSave={saving.save}
        onClose={() => setIsAsking(false)}
      />
      {saving.newer && (
        <MergeDialog
          base={editing.from}
          mine={editing.definition}
          newer={saving.newer}
          onClose={() => {
            setIsAsking(false);
            saving.forget();
          }}
          onMerged={(merged) => {
            if (!saving.newer) return;
            const definition = definitionOf(saving.newer.data);
            editing.rebase({ definition, etag: saving.newer.etag }, merged);
            // Who took all of theirs has nothing left to save.
            setIsAsking(!same(merged, definition));
            saving.forget();
          }}
        />
      )}
      <LeaveDialog isChanged={editing.isChanged} isSaved={() => isSaved.current} onLeave={editing.drop} />
    </Page>
  );
}

function useToModel(): (modelId: string) => Promise<void> {
  const navigate = useNavigate();
  const { workspace = "" } = useParams({ strict: false });
  return (modelId) =>
    navigate({ to: "/w/$workspace/models/$modelId", params: { workspace, modelId }, hash: "test" });
}

/** Which fields hold text that is no value yet. */
function useUnfinished() {
  const fields = useRef(new Set<string>());
  const onUnfinished = useCallback((field: string, isUnfinished: boolean) => {
    if (isUnfinished) fields.current.add(field);
    else fields.current.delete(field);
  }, []);
  return { onUnfinished, hasUnfinished: () => fields.current.size > 0 };
}

/** Moves the focus to the first thing that is wrong, when something was refused. */
function useFirstFault(problem: Problem | null) {
  const area = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!problem) return;
    const wrong = '[aria-invalid="true"], [data-first-fault]';
    // After the fields have been given their faults.
    const frame = requestAnimationFrame(() => {
      const first = area.current?.querySelector<HTMLElement>(wrong);
      (first ?? area.current?.querySelector<HTMLElement>("[data-outcome]"))?.focus();
    });
    return () => cancelAnimationFrame(frame);
  }, [problem]);
  return area;
}
