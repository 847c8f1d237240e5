import { Modal, Stack, Text } from "@mantine/core";
import type { Secret, SecretScope } from "../../api/secrets";
import { DeleteForm } from "./delete-form";
import { EnterForm } from "./enter-form";
import { countOf, UsesList, useUses } from "./uses";

/** What is being done to which secret; of a new one's `names` one is chosen. */
export type Doing =
  | { kind: "add"; names: readonly string[] }
  | { kind: "replace"; secret: Secret }
  | { kind: "delete"; secret: Secret };

interface Props {
  scope: SecretScope;
  doing: Doing | null;
  /** With what was done, in words, or with nothing when nothing was. */
  onClose: (said?: string) => void;
}

/** The dialog in which a secret is entered, gets a new value, or is deleted. */
export function SecretDialog({ scope, doing, onClose }: Props) {
  return (
    <Modal
      opened={doing !== null}
      onClose={() => onClose()}
      title={doing && titleOf(doing, scope)}
      closeButtonProps={{ "aria-label": "Close" }}
    >
      {doing && <Content doing={doing} scope={scope} onClose={onClose} />}
    </Modal>
  );
}

function titleOf(doing: Doing, scope: SecretScope): string {
  if (doing.kind === "add")
    return scope === null ? "New secret of the organization" : "New secret of this workspace";
  return doing.kind === "replace" ? `New value for ${doing.secret.name}` : `Delete ${doing.secret.name}?`;
}

function Content({ scope, doing, onClose }: Props & { doing: Doing }) {
  const onCancel = () => onClose();
  if (doing.kind === "delete") {
    const { secret } = doing;
    return (
      <DeleteForm {...{ scope, secret, onCancel }} onDone={() => onClose(`${secret.name} is deleted.`)} />
    );
  }
  const replaced = doing.kind === "replace" ? doing.secret : null;
  const names = doing.kind === "add" ? doing.names : [];
  const done = replaced ? "has its new value" : "is entered";
  return (
    <Stack gap="sm">
      {replaced && <Affected secret={replaced} />}
      <EnterForm
        {...{ scope, replaced, names, onCancel }}
        onDone={({ name }) => onClose(`${name} ${done}.`)}
      />
    </Stack>
  );
}

function Affected({ secret }: { secret: Secret }) {
  const { data } = useUses(secret.secret_id);
  if (!data?.total) return null;
  return (
    <div>
      <Text size="sm">
        {countOf(data.total)} {data.total === 1 ? "uses" : "use"} the new value at once:
      </Text>
      <UsesList uses={data} />
    </div>
  );
}
