import { Button, Group, Modal, PasswordInput, Stack, Text, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useRef, useState } from "react";
import type { ModelScope } from "../../../api/model-changes";
import { asProblem } from "../../../api/problem";
import { createSecret, replaceSecret, type Secret, useSecretsChanged } from "../../../api/secrets";
import { Failure } from "../../../ui/failure";
import { useWorkspace } from "../../../ui/workspace";

interface Props {
  name: string;
  found: Secret | undefined;
  scope: ModelScope;
  may: boolean;
}

/** "Add the key here": the value goes to haymow's secrets and nowhere else, and is forgotten here when it is sent. */
export function AddKey({ name, found, scope, may }: Props) {
  const [opened, setOpened] = useState(false);
  const isOurs = found !== undefined && (found.origin === "ORGANIZATION") === (scope === null);
  if (!may) return found ? null : <Text size="xs">An editor can add it.</Text>;
  // A value that is there for everyone is replaced where it is kept; here it can only be hidden by one of one's own.
  const verb = isOurs ? "Replace the key" : found ? "Use another key here" : "Add the key here";
  return (
    <>
      <Button size="compact-xs" variant={found ? "subtle" : "light"} onClick={() => setOpened(true)}>
        {verb}
      </Button>
      <Modal opened={opened} onClose={() => setOpened(false)} title={`${verb}: ${name}`}>
        <KeyForm
          name={name}
          replaced={isOurs ? found : undefined}
          scope={scope}
          onDone={() => setOpened(false)}
        />
      </Modal>
    </>
  );
}

interface FormProps {
  name: string;
  replaced: Secret | undefined;
  scope: ModelScope;
  onDone: () => void;
}

function KeyForm({ name, replaced, scope, onDone }: FormProps) {
  // Read from the field when it is sent: a value in state would outlive the sending.
  const field = useRef<HTMLInputElement>(null);
  const [hosts, setHosts] = useState(replaced?.hosts?.join(", ") ?? "");
  const changed = useSecretsChanged(useWorkspace().workspace_id);
  const send = useMutation({
    mutationFn: () => {
      const named = hosts.split(/[,\s]+/).filter(Boolean);
      const entered = { secret: field.current?.value ?? "", hosts: named.length > 0 ? named : null };
      return replaced
        ? replaceSecret(scope, replaced.secret_id, entered)
        : createSecret(scope, name, entered);
    },
    gcTime: 0,
    onSettled: () => {
      if (field.current) field.current.value = "";
    },
    onSuccess: () => {
      changed();
      onDone();
    },
  });
  function submit(event: FormEvent): void {
    event.preventDefault();
    // The dialog stands in the page's form as React sees it.
    event.stopPropagation();
    send.mutate();
  }
  return (
    <form onSubmit={submit} autoComplete="off">
      <Stack gap="sm">
        <Text size="sm">
          The value is encrypted, kept {scope === null ? "for the organization" : "in this workspace"} and
          never shown again.{replaced && " Every model that names it uses the new value at once."}
        </Text>
        {send.error && <Failure problem={asProblem(send.error)} title="The key was not saved" />}
        <PasswordInput ref={field} label={`Value of ${name}`} required autoComplete="off" data-autofocus />
        <TextInput
          label="Hosts it may be sent to"
          description="Left out: the provider's own for its usual names, otherwise the first host that a model sends it to."
          placeholder="api.example.com, other.example.com:8443"
          value={hosts}
          onChange={(event) => setHosts(event.currentTarget.value)}
        />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onDone}>
            Cancel
          </Button>
          <Button type="submit" loading={send.isPending}>
            Save the key
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
