import { Anchor, Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { useRoleIn } from "../../api/members";
import { asProblem } from "../../api/problem";
import { reaches } from "../../api/roles";
import { Empty } from "../../ui/empty";
import { Failure } from "../../ui/failure";
import { Page } from "../../ui/page";
import { useWorkspace } from "../../ui/workspace";
import { ClearDialog } from "./clear-dialog";
import { ColumnView } from "./column-view";
import { Composer } from "./composer";
import { useKept } from "./kept";
import classes from "./playground.module.css";
import { served } from "./queries";
import { SystemPrompt } from "./system-prompt";
import { useChoice } from "./use-choice";
import { useColumn } from "./use-column";
import { useEscape } from "./use-escape";

/** Chat with a model of the workspace, or with two of them at once. */
export function PlaygroundPage() {
  const { workspace_id } = useWorkspace();
  const { data: names, error, refetch } = useQuery(served(workspace_id));
  if (names?.length === 0) return <NoModels workspaceId={workspace_id} />;
  return (
    <>
      {error && <Failure problem={asProblem(error)} onRetry={refetch} title="The models cannot be listed" />}
      <Playground key={workspace_id} workspaceId={workspace_id} names={names} />
    </>
  );
}

const NO_TEXT = { initial: "" };

function Playground({ workspaceId, names }: { workspaceId: string; names: string[] | undefined }) {
  const { model, beside, choose } = useChoice(workspaceId);
  const [isAdding, setAdding] = useState(false);
  const [clearing, setClearing] = useState(false);
  const message = useRef<HTMLTextAreaElement>(null);
  const [system, setSystem] = useKept(`${workspaceId} system`, NO_TEXT);
  const isComparing = isAdding || beside !== undefined;
  const left = useColumn(workspaceId, "left", model);
  const right = useColumn(workspaceId, "right", beside);
  const shown = isComparing ? [left, right] : [left];
  const isAnswering = shown.some((column) => column.isAnswering);
  const stop = (): void => {
    for (const column of shown) column.stop();
  };
  const send = (prompt: string): void => {
    for (const column of shown) column.send(prompt, system);
  };
  const compare = (): void => {
    right.stop();
    setAdding(!isComparing);
    if (isComparing) choose({ model });
  };
  useEscape(isAnswering, stop);

  const turns = shown.reduce((sum, column) => sum + column.turns.length, 0);
  const actions = (
    <>
      <Button variant="default" disabled={turns === 0} onClick={() => setClearing(true)}>
        Clear
      </Button>
      <Button variant="default" onClick={compare}>
        {isComparing ? "Use one model" : "Compare models"}
      </Button>
    </>
  );
  return (
    <Page title="Playground" actions={actions}>
      <div className={classes.playground} data-columns={shown.length}>
        <SystemPrompt value={system} onChange={setSystem} />
        <div className={classes.columns}>
          <ColumnView
            label="First model"
            workspaceId={workspaceId}
            names={names}
            column={left}
            system={system}
            onChoose={(name) => choose({ model: name, beside })}
            onStart={send}
          />
          {isComparing && (
            <ColumnView
              label="Second model"
              workspaceId={workspaceId}
              names={names}
              column={right}
              system={system}
              onChoose={(name) => choose({ model, beside: name })}
              onStart={send}
            />
          )}
        </div>
        <Composer
          ref={message}
          workspaceId={workspaceId}
          isAnswering={isAnswering}
          obstacle={obstacleOf(shown)}
          onSend={send}
          onStop={stop}
        />
      </div>
      <ClearDialog
        opened={clearing}
        turns={turns}
        onClose={() => setClearing(false)}
        onClear={() => {
          for (const column of shown) column.clear();
          setClearing(false);
          message.current?.focus();
        }}
      />
    </Page>
  );
}

/** Why nothing can be sent now; null when it can. */
function obstacleOf(columns: ReturnType<typeof useColumn>[]): string | null {
  if (columns.every((column) => column.model === undefined)) return "Pick a model first.";
  if (columns.some(({ hasFault }) => hasFault)) return "Mend the parameters first.";
  return null;
}

function NoModels({ workspaceId }: { workspaceId: string }) {
  const { workspace } = useParams({ strict: false });
  const role = useRoleIn(workspaceId);
  return (
    <Page title="Playground">
      <Empty title="There is no model to chat with yet">
        {reaches(role, "editor") ? (
          <>
            A model says which provider is called, and how.{" "}
            <Anchor
              component={Link}
              to="/w/$workspace/models/new"
              params={{ workspace } as never}
              underline="always"
            >
              Create the first one
            </Anchor>
            , then talk to it here.
          </>
        ) : (
          "An editor of this workspace or an administrator can create one. It is here as soon as they have."
        )}
      </Empty>
    </Page>
  );
}
