import { Anchor, Button, Stack, Text } from "@mantine/core";
import { Problem } from "../../../api/problem";
import { Failure } from "../../../ui/failure";
import { typeOf } from "./configuration";
import { useKnownParameters } from "./definition-views";
import { place } from "./faults";
import type { Editing } from "./use-draft";
import type { Saving } from "./use-saving";

/** What the last try came to, and what was found from before. */
export function Outcome({ editing, saving, isForm }: { editing: Editing; saving: Saving; isForm: boolean }) {
  if (!editing.isRestored && !saving.problem) return null;
  return (
    <Stack gap="xs" tabIndex={-1} data-outcome>
      {editing.isRestored && (
        <Text size="sm" role="status">
          What you changed here before is back.{" "}
          <Anchor component="button" type="button" size="sm" onClick={editing.drop}>
            Discard it
          </Anchor>
        </Text>
      )}
      {saving.problem && (
        <Refusal problem={saving.problem} isCheck={saving.isCheck} editing={editing} isForm={isForm} />
      )}
      {saving.isGone && (
        <Text size="sm">
          Somebody deleted this model meanwhile. What is here can be created as a new one.{" "}
          <Button variant="default" onClick={saving.saveAnew} loading={saving.isBusy}>
            Create it anew
          </Button>
        </Text>
      )}
    </Stack>
  );
}

interface RefusalProps {
  problem: Problem;
  isCheck: boolean;
  editing: Editing;
  isForm: boolean;
}

/** A refusal: faults with a field of their own are said there, and only counted here. */
function Refusal({ problem, isCheck, editing, isForm }: RefusalProps) {
  const known = useKnownParameters(typeOf(editing.definition));
  const { others } = place(editing.faults, editing.definition, known);
  const beside = isForm ? editing.faults.length - others.length : 0;
  const shown = isForm ? others : editing.faults;
  const words = beside > 0 ? `${problem.message} ${countOf(beside)}` : problem.message;
  const { status, code, requestId } = problem;
  return (
    <Failure
      problem={new Problem(status, code, words, requestId, shown)}
      title={isCheck ? "haymow would refuse this" : "Not saved"}
    />
  );
}

function countOf(count: number): string {
  return count === 1
    ? "What is wrong stands beside its field."
    : `${count} things that are wrong stand beside their fields.`;
}
