import { Anchor, Button, Group, Select, Stack, Text } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { useSetWorkspaceRole } from "../../api/access";
import type { Workspace } from "../../api/client";
import { asProblem } from "../../api/problem";
import { type Member, nameOf, type Role } from "../../api/roles";
import { Dialog } from "../../ui/dialog";
import { Failure } from "../../ui/failure";
import { RoleField } from "./role-field";
import { IN_WORKSPACE } from "./roles";

interface Props {
  workspace: Workspace;
  /** The people of the organization who are not in the workspace yet. */
  candidates: readonly Member[];
  onClose: () => void;
}

/** Somebody of the organization becomes a member of a workspace. */
export function AddMember({ workspace, candidates, onClose }: Props) {
  return (
    <Dialog title={`Add a member to ${workspace.name}`} onClose={onClose}>
      {candidates.length === 0 ? (
        <Nobody />
      ) : (
        <MemberForm workspace={workspace} candidates={candidates} onClose={onClose} />
      )}
    </Dialog>
  );
}

function Nobody() {
  return (
    <Text size="sm">
      Everyone of the organization is in it already. New people come in under{" "}
      <Anchor component={Link} to="/settings/members" underline="always">
        People
      </Anchor>
      .
    </Text>
  );
}

function MemberForm({ workspace, candidates, onClose }: Props) {
  const [userId, setUserId] = useState<string | null>(null);
  const [role, setRole] = useState<Role>("user");
  const add = useSetWorkspaceRole(workspace.workspace_id);
  const chosen = candidates.find((one) => one.user_id === userId);

  function submit(event: FormEvent): void {
    event.preventDefault();
    if (userId) add.mutate({ user_id: userId, role }, { onSuccess: onClose });
  }

  return (
    <form onSubmit={submit}>
      <Stack>
        <Select
          label="Person"
          placeholder="Name or e-mail"
          searchable
          limit={50}
          nothingFoundMessage="Nobody of the organization. Add them under People first."
          data={candidates.map((one) => ({ value: one.user_id, label: `${nameOf(one)} · ${one.email}` }))}
          value={userId}
          onChange={setUserId}
          required
          data-autofocus
        />
        <RoleField label="Role here" value={role} onChange={setRole} words={IN_WORKSPACE} />
        {chosen?.role === "admin" && (
          <Text size="sm" c="dimmed">
            {nameOf(chosen)} is an administrator of the organization and has every right here in any case.
          </Text>
        )}
        {add.error && <Failure title="The member was not added" problem={asProblem(add.error)} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={add.isPending} disabled={userId === null}>
            Add member
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
