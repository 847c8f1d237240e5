import { Anchor, Button, Group, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { PAGE_SIZE } from "../../../api/models";
import { Empty } from "../../../ui/empty";
import type { ModelRows } from "./rows";

interface Props {
  workspace: string;
  mayEdit: boolean;
}

/** Nothing at all: what a model is, and how the first one is made. */
export function NoModels({ workspace, mayEdit }: Props) {
  return (
    <Empty title="No models yet">
      <Text inherit mb="sm">
        A model has a name, a provider, the configuration of a Haystack chat generator and the parameters that
        callers may set. Pipelines, the OpenAI SDK and the playground use it by its name.
      </Text>
      <NextStep workspace={workspace} mayEdit={mayEdit} />
    </Empty>
  );
}

/** Everything is left out: the way back. */
export function NoMatch({ onClear }: { onClear: () => void }) {
  return (
    <Empty title="No model matches">
      <Button variant="default" onClick={onClear}>
        Clear the search and filters
      </Button>
    </Empty>
  );
}

/** Below a short list of the platform's models alone: what to do with them, and that there can be others. */
export function OnlyPlatform({ rows, workspace, mayEdit }: Props & { rows: ModelRows }) {
  const total = rows.total ?? 0;
  if (!rows.isSettled || total === 0 || total > PAGE_SIZE) return null;
  const all = Array.from({ length: total }, (_, index) => rows.rowAt(index));
  if (all.some((one) => one?.origin !== "PLATFORM")) return null;
  return (
    <Empty title="These come with haymow">
      <Group justify="center" gap="sm">
        <Anchor
          inherit
          underline="always"
          renderRoot={(props) => <Link {...props} to="/w/$workspace/playground" params={{ workspace }} />}
        >
          Try one in the playground
        </Anchor>
        <NextStep workspace={workspace} mayEdit={mayEdit} />
      </Group>
    </Empty>
  );
}

function NextStep({ workspace, mayEdit }: Props) {
  if (!mayEdit) return <>An editor of this workspace can add one.</>;
  return (
    <Button
      variant="light"
      renderRoot={(props) => <Link {...props} to="/w/$workspace/models/new" params={{ workspace }} />}
    >
      Add a model of your own
    </Button>
  );
}
