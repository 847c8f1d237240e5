import { Button, Group, Stack } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { asProblem } from "../../api/problem";
import { type Member, nameOf, type Role } from "../../api/roles";
import { Dialog } from "../../ui/dialog";
import { Failure } from "../../ui/failure";
import { RoleField } from "./role-field";

interface Props {
  member: Member;
  /** Where the role is one: "in the organization". */
  where: string;
  words: Record<Role, string>;
  onSave: (role: Role) => void;
  onClose: () => void;
  busy: boolean;
  error: unknown;
}

/** Another role for a person, chosen by what it may do. */
export function ChangeRole({ member, where, words, onSave, onClose, busy, error }: Props) {
  const [role, setRole] = useState(member.role);

  function submit(event: FormEvent): void {
    event.preventDefault();
    onSave(role);
  }

  return (
    <Dialog title={`Role of ${nameOf(member)} ${where}`} onClose={onClose}>
      <form onSubmit={submit}>
        <Stack>
          <RoleField label="Role" value={role} onChange={setRole} words={words} />
          {error ? <Failure title="The role was not changed" problem={asProblem(error)} /> : null}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={busy} disabled={role === member.role}>
              Save role
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
