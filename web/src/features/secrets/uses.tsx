import { Anchor, List, Skeleton, Text, UnstyledButton } from "@mantine/core";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { Schemas } from "../../api/client";
import { workspaces } from "../../api/queries";
import { type SecretUse, uses } from "../../api/secrets";
import { useWorkspace } from "../../ui/workspace";
import classes from "./secrets.module.css";

type Uses = Schemas["SecretUseList"];

/** The models that use a secret, asked for when they are shown. */
export function useUses(secretId: string) {
  const { workspace_id } = useWorkspace();
  return useQuery(uses(workspace_id, secretId));
}

interface CountProps {
  secretId: string;
  opened: boolean;
  controls: string;
  onToggle: () => void;
}

/** How many models use a secret; their names open below. */
export function UsesCount({ secretId, opened, controls, onToggle }: CountProps) {
  const { data, isError } = useUses(secretId);
  if (isError) return <Text inherit>unknown</Text>;
  if (!data) return <Skeleton height={12} width={64} my={4} />;
  if (data.total === 0)
    return (
      <Text inherit c="dimmed" component="span">
        no model
      </Text>
    );
  return (
    <UnstyledButton
      className={classes.count}
      onClick={onToggle}
      aria-expanded={opened}
      aria-controls={controls}
    >
      {countOf(data.total)}
    </UnstyledButton>
  );
}

/** A number of models in words. */
export function countOf(models: number): string {
  return models === 1 ? "1 model" : `${models} models`;
}

/** The names of the models that use a secret, each leading to its page. */
export function UsesList({ uses: { data, total, has_more } }: { uses: Uses }) {
  const rest = total - data.length;
  return (
    <List size="sm" spacing={2} className={classes.uses}>
      {data.map((use) => (
        <List.Item key={use.model_id}>
          <ModelLink use={use} />
        </List.Item>
      ))}
      {rest > 0 && (
        <List.Item>{has_more ? `${rest} more` : `${rest} more where you do not see them`}</List.Item>
      )}
    </List>
  );
}

function ModelLink({ use }: { use: SecretUse }) {
  const here = useWorkspace();
  const { data } = useSuspenseQuery(workspaces);
  const its = data.find((one) => one.workspace_id === use.workspace_id) ?? here;
  const params = { workspace: its.name, modelId: use.model_id };
  const elsewhere = its.workspace_id !== here.workspace_id ? ` in ${its.name}` : "";
  return (
    <>
      <Anchor
        inherit
        renderRoot={(props) => <Link {...props} to="/w/$workspace/models/$modelId" params={params} />}
      >
        {use.name}
      </Anchor>
      {elsewhere}
    </>
  );
}
