import { Button, Group, Skeleton, Stack, Text } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { asProblem } from "../../api/problem";
import { deleteSecret, type Secret, type SecretScope, useSecretsChanged } from "../../api/secrets";
import { Failure } from "../../ui/failure";
import { useWorkspace } from "../../ui/workspace";
import { countOf, UsesList, useUses } from "./uses";

interface Props {
  scope: SecretScope;
  secret: Secret;
  onDone: () => void;
  onCancel: () => void;
}

/** Asks before a secret is deleted, and shows the models that will miss it. */
export function DeleteForm({ scope, secret, onDone, onCancel }: Props) {
  const found = useUses(secret.secret_id);
  const changed = useSecretsChanged(useWorkspace().workspace_id);
  const deleting = useMutation({
    mutationFn: (force: boolean) => deleteSecret(scope, secret.secret_id, force),
    onSuccess: () => {
      changed(secret);
      onDone();
    },
    // Models that use it since this was opened are shown before anybody deletes it all the same.
    onError: () => found.refetch(),
  });
  const isUsed = (found.data?.total ?? 0) > 0;
  return (
    <Stack gap="sm">
      {deleting.error && <Failure problem={asProblem(deleting.error)} title="The secret was not deleted" />}
      {found.error && <Failure problem={asProblem(found.error)} title="Who uses it is not known" />}
      {found.isPending && <Skeleton height={40} />}
      {found.data &&
        (isUsed ? (
          <Missed uses={found.data} />
        ) : (
          <Text size="sm">No model uses it. Its value cannot be had back.</Text>
        ))}
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={onCancel} data-autofocus>
          Cancel
        </Button>
        <Button
          color="red.9"
          loading={deleting.isPending}
          disabled={found.isPending}
          onClick={() => deleting.mutate(isUsed)}
        >
          {isUsed ? "Delete all the same" : "Delete"}
        </Button>
      </Group>
    </Stack>
  );
}

function Missed({ uses }: { uses: Parameters<typeof UsesList>[0]["uses"] }) {
  return (
    <>
      <Text size="sm">
        {countOf(uses.total)} {uses.total === 1 ? "uses" : "use"} it and will not be connected without it,
        unless another secret of this name is found. Its value cannot be had back.
      </Text>
      <UsesList uses={uses} />
    </>
  );
}
