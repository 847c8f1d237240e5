import { Anchor, Button, Group, SimpleGrid, Stack, Text, TextInput } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { useAddPerson } from "../../api/access";
import { asProblem, faultAt, notBeside } from "../../api/problem";
import { type Member, nameOf, type Role } from "../../api/roles";
import { Dialog } from "../../ui/dialog";
import { Failure } from "../../ui/failure";
import { RoleField } from "./role-field";
import { IN_ORGANIZATION } from "./roles";

const FIELDS = ["#/given_name", "#/family_name", "#/email", "#/role"];

/** A new person in the organization, and the next step: a token to sign in with. */
export function AddPerson({ onClose }: { onClose: () => void }) {
  const add = useAddPerson();
  return (
    <Dialog title="Add a person" onClose={onClose}>
      {add.data ? <Added person={add.data} onClose={onClose} /> : <PersonForm add={add} onClose={onClose} />}
    </Dialog>
  );
}

function PersonForm({ add, onClose }: { add: ReturnType<typeof useAddPerson>; onClose: () => void }) {
  const [person, setPerson] = useState({ given_name: "", family_name: "", email: "", role: "user" as Role });
  const problem = add.error && asProblem(add.error);
  const known = problem?.status === 409 ? problem.message : undefined;
  const apart = known ? null : notBeside(problem, FIELDS);
  const text = (field: "given_name" | "family_name" | "email", label: string) => ({
    label,
    value: person[field],
    onChange: (event: { currentTarget: { value: string } }) => {
      const { value } = event.currentTarget;
      setPerson((before) => ({ ...before, [field]: value }));
    },
    error: faultAt(problem, `#/${field}`),
    required: true,
    autoComplete: "off",
  });

  function submit(event: FormEvent): void {
    event.preventDefault();
    add.mutate(person);
  }

  return (
    <form onSubmit={submit}>
      <Stack>
        <SimpleGrid cols={{ base: 1, xs: 2 }}>
          <TextInput {...text("given_name", "Given name")} data-autofocus />
          <TextInput {...text("family_name", "Family name")} />
        </SimpleGrid>
        <TextInput {...text("email", "E-mail")} type="email" error={known ?? faultAt(problem, "#/email")} />
        <RoleField
          label="Role in the organization"
          value={person.role}
          onChange={(role) => setPerson((before) => ({ ...before, role }))}
          words={IN_ORGANIZATION}
          error={faultAt(problem, "#/role")}
        />
        {apart && <Failure title="The person was not added" problem={apart} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={add.isPending}>
            Add person
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function Added({ person, onClose }: { person: Member; onClose: () => void }) {
  const search = { for: person.user_id };
  return (
    <Stack>
      <Text size="sm" role="status">
        {nameOf(person)} is in the organization now. haymow sends no mail: make a token for them to sign in
        with, and add them to the workspaces that they are to see.
      </Text>
      <Group justify="flex-end" gap="md">
        <Anchor component="button" type="button" size="sm" onClick={onClose}>
          Later
        </Anchor>
        <Button
          renderRoot={(props) => <Link to="/settings/tokens" search={search} {...props} />}
          data-autofocus
        >
          Make a token for {person.given_name}
        </Button>
      </Group>
    </Stack>
  );
}
