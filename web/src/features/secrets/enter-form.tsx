import { Button, Group, PasswordInput, Select, Stack, Textarea, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useRef, useState } from "react";
import { providers } from "../../api/queries";
import type { Secret, SecretScope } from "../../api/secrets";
import { Failure } from "../../ui/failure";
import { faultAt, hostsIn, hostWords, whereItGoes } from "./entering";
import { useEntering } from "./use-entering";

interface Props {
  scope: SecretScope;
  /** The secret that gets a new value; null to make one. */
  replaced: Secret | null;
  /** What a new one is called, to begin with; of several names one is chosen. */
  names: readonly string[];
  onDone: (secret: Secret) => void;
  onCancel: () => void;
}

/** A secret's name, value and hosts. */
export function EnterForm({ scope, replaced, names, onDone, onCancel }: Props) {
  const value = useRef<HTMLInputElement>(null);
  const [name, setName] = useState(replaced?.name ?? names[0] ?? "");
  const [hosts, setHosts] = useState((replaced?.hosts ?? []).map(hostWords).join("\n"));
  const { data: known } = useQuery(providers);
  const { send, busy, faults, problem, wasSent } = useEntering(scope, replaced, value, onDone);

  function submit(event: FormEvent): void {
    event.preventDefault();
    send(name.trim(), hostsIn(hosts));
  }

  return (
    <form onSubmit={submit} noValidate>
      <Stack gap="sm">
        {problem && <Failure problem={problem} title="The secret was not saved" />}
        {!replaced && <Name name={name} names={names} onChange={setName} fault={faultAt(faults, "#/name")} />}
        <PasswordInput
          ref={value}
          label={replaced ? "New value" : "Value"}
          description="It is encrypted, and never shown again."
          error={faultAt(faults, "#/secret") ?? (wasSent && "Enter the value again: it was not kept.")}
          autoComplete="off"
          spellCheck={false}
          required
          data-autofocus={name !== "" || undefined}
        />
        <Textarea
          label="Hosts it may be sent to"
          description={`One to a line, such as api.example.com or *.example.com. ${whereItGoes(name, known?.data ?? [])}`}
          rows={2}
          value={hosts}
          onChange={(event) => setHosts(event.currentTarget.value)}
          error={faultAt(faults, "#/hosts")}
          spellCheck={false}
        />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onCancel}>
            Cancel
          </Button>
          <Button type="submit" loading={busy}>
            {replaced ? "Replace the value" : "Add the secret"}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

interface NameProps {
  name: string;
  names: readonly string[];
  onChange: (name: string) => void;
  fault: string | null;
}

function Name({ name, names, onChange, fault }: NameProps) {
  const shared = { label: "Name", value: name, error: fault, required: true };
  if (names.length > 1) {
    return (
      <Select
        {...shared}
        data={[...names]}
        allowDeselect={false}
        onChange={(chosen) => onChange(chosen ?? name)}
      />
    );
  }
  return (
    <TextInput
      {...shared}
      description="Definitions name the secret by it, such as OPENAI_API_KEY."
      onChange={(event) => onChange(event.currentTarget.value)}
      autoComplete="off"
      spellCheck={false}
      data-autofocus={name === "" || undefined}
    />
  );
}
