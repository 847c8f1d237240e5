import { Anchor, Button, Group, Paper, Stack, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useRouterState } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import type { Model, Workspace } from "../../../api/client";
import { useRoleIn } from "../../../api/members";
import type { ModelState } from "../../../api/model-states";
import { modelState, testModel } from "../../../api/models";
import { asProblem } from "../../../api/problem";
import { reaches } from "../../../api/roles";
import { Ago } from "../../../ui/ago";
import { Connection } from "../../../ui/connection";
import { Failure } from "../../../ui/failure";
import classes from "./detail.module.css";

interface Props {
  workspace: Workspace;
  model: Model;
  state: ModelState | undefined;
}

/** Whether the model answers, why not, and what to do. Its height is kept while that is found out. */
export function ConnectionSection({ workspace, model, state }: Props) {
  const test = useTest(workspace, model);
  return (
    <Paper withBorder p="sm" component="section" aria-label="Connection">
      <Group justify="space-between" align="flex-start" gap="sm">
        <Stack gap={2} className={classes.connection} role="status">
          <Text fw={600} component="div">
            {test.isPending ? (
              "Testing: one small chat is on its way"
            ) : (
              <Connection model={model} state={state} />
            )}
          </Text>
          <Text size="sm">{!test.isPending && state?.detail}</Text>
          {!test.isPending && state && <NextStep workspace={workspace} state={state} />}
        </Stack>
        <TestButton workspace={workspace} isPending={test.isPending} onTest={() => test.mutate()} />
      </Group>
      {test.error && <Failure problem={asProblem(test.error)} title="The connection was not tested" />}
    </Paper>
  );
}

/** A test changes what is known of the model, wherever that is shown. */
function useTest(workspace: Workspace, model: Model) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => testModel(workspace.workspace_id, model.model_id),
    onSettled: async () => {
      await queries.invalidateQueries({ queryKey: modelState(workspace.workspace_id, model).queryKey });
      void queries.invalidateQueries({ queryKey: ["models"] });
    },
  });
}

function NextStep({ workspace, state }: { workspace: Workspace; state: ModelState }) {
  if (state.missing_secrets.length > 0) {
    return (
      <Group gap="sm" fz="sm">
        {state.missing_secrets.map((name) => (
          <AddSecret key={name} workspace={workspace} name={name} />
        ))}
      </Group>
    );
  }
  if (!state.tested_at) return null;
  return (
    <Text size="sm" className={classes.quiet}>
      Tested <Ago at={state.tested_at} />
      {state.latency_ms !== null && `, in ${state.latency_ms.toLocaleString("en")} ms`}
    </Text>
  );
}

/** The way to enter a secret, for who may. */
export function AddSecret({ workspace, name }: { workspace: Workspace; name: string }) {
  const mayAdd = reaches(useRoleIn(workspace.workspace_id), "editor");
  if (!mayAdd) return null;
  return (
    <Anchor
      inherit
      underline="always"
      renderRoot={(props) => (
        <Link
          {...props}
          to="/w/$workspace/secrets"
          params={{ workspace: workspace.name }}
          search={{ add: name }}
        />
      )}
    >
      Add {name}
    </Anchor>
  );
}

/** The address ends in `#test` after a model was saved: the next step is to see whether it works. */
function TestButton({
  workspace,
  isPending,
  onTest,
}: {
  workspace: Workspace;
  isPending: boolean;
  onTest: () => void;
}) {
  const mayTest = reaches(useRoleIn(workspace.workspace_id), "editor");
  const button = useRef<HTMLButtonElement>(null);
  const isNext = useRouterState({ select: (router) => router.location.hash === "test" });
  useEffect(() => {
    if (isNext && mayTest) button.current?.focus();
  }, [isNext, mayTest]);
  if (!mayTest) {
    return (
      <Text size="xs" className={classes.quiet} maw={180}>
        Editors of this workspace can test it.
      </Text>
    );
  }
  return (
    <Button ref={button} variant="light" onClick={onTest} loading={isPending} className={classes.action}>
      Test connection
    </Button>
  );
}
