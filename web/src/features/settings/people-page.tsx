import { Button, Text } from "@mantine/core";
import { useSuspenseQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useRemovePerson, useSetRole } from "../../api/access";
import { people } from "../../api/members";
import { asProblem } from "../../api/problem";
import { me } from "../../api/queries";
import { type Member, managesOrganization, nameOf } from "../../api/roles";
import { Confirm } from "../../ui/confirm";
import { Page } from "../../ui/page";
import { AddPerson } from "./add-person";
import { ChangeRole } from "./change-role";
import { MemberTable } from "./member-table";
import { IN_ORGANIZATION } from "./roles";

/** Everyone in the organization, with their role in it. */
export function PeoplePage() {
  const { data: who } = useSuspenseQuery(me);
  const { data } = useSuspenseQuery(people);
  const manages = managesOrganization(who);
  const [adding, setAdding] = useState(false);
  const [changing, setChanging] = useState<Member | null>(null);
  const [removing, setRemoving] = useState<Member | null>(null);
  return (
    <Page
      title="People"
      aside={
        <Text c="dimmed">
          {data.total} in {who.organization.name}
        </Text>
      }
      actions={manages && <Button onClick={() => setAdding(true)}>Add person</Button>}
    >
      <Text c="dimmed" maw="70ch">
        Their role here is for what belongs to the whole organization. In a workspace a person has the role
        they were given among its members; administrators have every workspace.
        {!manages && " Administrators add people and change roles."}
      </Text>
      <MemberTable
        members={data.data}
        ownId={who.user_id}
        roleHeading="Role"
        onChangeRole={manages ? setChanging : undefined}
        onRemove={manages ? setRemoving : undefined}
      />
      {data.has_more && <Text c="dimmed">These are the first {data.data.length} people.</Text>}
      {adding && <AddPerson onClose={() => setAdding(false)} />}
      {changing && <ChangePersonsRole member={changing} onClose={() => setChanging(null)} />}
      {removing && <RemovePerson member={removing} onClose={() => setRemoving(null)} />}
    </Page>
  );
}

function ChangePersonsRole({ member, onClose }: { member: Member; onClose: () => void }) {
  const change = useSetRole();
  return (
    <ChangeRole
      member={member}
      where="in the organization"
      words={IN_ORGANIZATION}
      onSave={(role) => change.mutate({ user_id: member.user_id, role }, { onSuccess: onClose })}
      onClose={onClose}
      busy={change.isPending}
      error={change.error}
    />
  );
}

function RemovePerson({ member, onClose }: { member: Member; onClose: () => void }) {
  const remove = useRemovePerson();
  return (
    <Confirm
      opened
      title={`Remove ${nameOf(member)} from the organization?`}
      isDestructive
      action="Remove person"
      onConfirm={() => remove.mutate(member.user_id, { onSuccess: onClose })}
      onClose={onClose}
      busy={remove.isPending}
      problem={remove.error && asProblem(remove.error)}
    >
      <Text size="sm">
        {member.email} leaves every workspace. Their API tokens and sessions end at once, in applications too.
        Models and secrets that they made stay.
      </Text>
    </Confirm>
  );
}
