import { Button, Group, NativeSelect, Select, Stack, TextInput } from "@mantine/core";
import { useSuspenseQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useCreateToken } from "../../api/access";
import type { Me, Schemas } from "../../api/client";
import { asProblem, faultAt, notBeside, type Problem } from "../../api/problem";
import { me, workspaces } from "../../api/queries";
import { type Member, nameOf, type Role } from "../../api/roles";
import { Dialog } from "../../ui/dialog";
import { Failure } from "../../ui/failure";
import { EXPIRIES, type Expiry, endOf, faultOf } from "./expiry";
import { ExpiryField } from "./expiry-field";
import { RoleField } from "./role-field";
import { OF_TOKEN, rolesUpTo } from "./roles";
import { ShownToken } from "./shown-token";

const FIELDS = ["#/name", "#/role", "#/workspace_id", "#/expires_at", "#/user_id"];

interface Props {
  /** Everyone, for an administrator; else empty, and the token is one's own. */
  people: readonly Member[];
  ownerId: string;
  onClose: () => void;
}

/** A new token, shown once. */
export function CreateToken({ people, ownerId, onClose }: Props) {
  const create = useCreateToken();
  if (create.data) return <ShownToken token={create.data.token} name={create.data.name} onClose={onClose} />;
  return (
    <Dialog title="New API token" onClose={onClose}>
      <TokenForm
        people={people}
        ownerId={ownerId}
        onCreate={create.mutate}
        onClose={onClose}
        busy={create.isPending}
        problem={create.error && asProblem(create.error)}
      />
    </Dialog>
  );
}

interface FormProps extends Props {
  onCreate: (wanted: Schemas["CreateToken"]) => void;
  busy: boolean;
  problem: Problem | null;
}

function TokenForm({ people, ownerId, onCreate, onClose, busy, problem }: FormProps) {
  const { data: who } = useSuspenseQuery(me);
  const form = useTokenForm(who, ownerId);
  const { wanted, change, expiry, setExpiry } = form;
  // The server alone knows how long the token lasts that one signed in with.
  const tooLong = problem?.code === "scope_too_wide" && /outlive/.test(problem.message);
  const apart = tooLong ? null : notBeside(problem, FIELDS);

  function submit(event: FormEvent): void {
    event.preventDefault();
    const now = new Date();
    if (faultOf(expiry, now) === null) onCreate({ ...wanted, expires_at: endOf(expiry, now) });
  }

  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput
          label="Name"
          description="What it is for, such as the application's name."
          value={wanted.name}
          onChange={(event) => change({ name: event.currentTarget.value })}
          error={faultAt(problem, "#/name")}
          required
          data-autofocus
        />
        {people.length > 1 && (
          <Select
            label="Owner"
            description="The token never may more than its owner."
            searchable
            limit={50}
            allowDeselect={false}
            data={people.map((one) => ({ value: one.user_id, label: `${nameOf(one)} · ${one.email}` }))}
            value={wanted.user_id}
            onChange={(userId) => change({ user_id: userId })}
            error={faultAt(problem, "#/user_id")}
          />
        )}
        <WorkspaceField
          only={who.workspace_id}
          value={wanted.workspace_id ?? ""}
          onChange={(workspaceId) => change({ workspace_id: workspaceId || null })}
          error={faultAt(problem, "#/workspace_id")}
        />
        <RoleField
          label="May at most what this role may"
          value={wanted.role ?? "user"}
          onChange={(role) => change({ role })}
          words={OF_TOKEN}
          roles={form.roles}
          error={faultAt(problem, "#/role")}
        />
        <ExpiryField
          value={expiry}
          onChange={setExpiry}
          error={tooLong ? problem?.message : faultAt(problem, "#/expires_at")}
        />
        {apart && <Failure title="The token was not made" problem={apart} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={busy}>
            Create token
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function useTokenForm(who: Me, ownerId: string) {
  // A person of the organization may have more in a workspace than in the organization, so the server draws the line.
  const roles: Role[] = rolesUpTo(who.workspace_id === null ? "admin" : who.role);
  const [wanted, setWanted] = useState<Schemas["CreateToken"]>({
    name: "",
    role: "user",
    user_id: ownerId,
    workspace_id: who.workspace_id,
    expires_at: null,
  });
  const [expiry, setExpiry] = useState<Expiry>(EXPIRIES[2]?.expiry ?? { kind: "never" });
  const change = (part: Partial<Schemas["CreateToken"]>): void =>
    setWanted((before) => ({ ...before, ...part }));
  return { wanted, change, expiry, setExpiry, roles };
}

interface WorkspaceProps {
  only: string | null;
  value: string;
  onChange: (workspaceId: string) => void;
  error?: string;
}

function WorkspaceField({ only, value, onChange, error }: WorkspaceProps) {
  const { data } = useSuspenseQuery(workspaces);
  const everywhere = only === null ? [{ value: "", label: "All that its owner is in" }] : [];
  return (
    <NativeSelect
      label="Workspace"
      data={[...everywhere, ...data.map((one) => ({ value: one.workspace_id, label: `Only ${one.name}` }))]}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      error={error}
    />
  );
}
