import { Anchor, Button, Text } from "@mantine/core";
import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useRemoveWorkspaceMember, useSetWorkspaceRole } from "../../api/access";
import type { Workspace } from "../../api/client";
import { people, workspaceMembers } from "../../api/members";
import { asProblem } from "../../api/problem";
import { me } from "../../api/queries";
import { type Member, nameOf, roleIn } from "../../api/roles";
import { Confirm } from "../../ui/confirm";
import { Empty } from "../../ui/empty";
import { Page } from "../../ui/page";
import { useWorkspace } from "../../ui/workspace";
import { AddMember } from "./add-member";
import { ChangeRole } from "./change-role";
import { MemberTable } from "./member-table";
import { IN_WORKSPACE } from "./roles";

/** A workspace's explicit members, with their role in it. */
export function WorkspaceMembersPage() {
  const workspace = useWorkspace();
  const { data: who } = useSuspenseQuery(me);
  const { data } = useSuspenseQuery(workspaceMembers(workspace.workspace_id));
  const everyone = useQuery({ ...people, enabled: who.workspace_id === null }).data?.data ?? null;
  const manages = roleIn(who, data.data) === "admin";
  const [adding, setAdding] = useState(false);
  const [changing, setChanging] = useState<Member | null>(null);
  const [removing, setRemoving] = useState<Member | null>(null);
  return (
    <Page
      title="Members"
      aside={
        <Text c="dimmed">
          {data.total} in {workspace.name}
        </Text>
      }
      actions={manages && everyone && <Button onClick={() => setAdding(true)}>Add member</Button>}
    >
      <Text c="dimmed" maw="70ch">
        A member has here the role of this list, whatever their role in the organization. Who is not in it
        does not see the workspace; only administrators of the organization are in every one, as
        administrators.
        {!manages && " Administrators of the workspace add members and change roles."}
      </Text>
      <Administrators everyone={everyone} />
      {data.data.length === 0 ? (
        <Empty title="No members of its own yet">
          Only administrators of the organization are in this workspace.
          {manages && " Add who else is to read its models, chat with them, or change them."}
        </Empty>
      ) : (
        <MemberTable
          members={data.data}
          ownId={who.user_id}
          roleHeading="Role here"
          onChangeRole={manages ? setChanging : undefined}
          onRemove={manages ? setRemoving : undefined}
        />
      )}
      {data.has_more && <Text c="dimmed">These are the first {data.data.length} members.</Text>}
      {adding && everyone && (
        <AddMember
          workspace={workspace}
          candidates={candidatesOf(everyone, data.data, who.user_id)}
          onClose={() => setAdding(false)}
        />
      )}
      {changing && (
        <ChangeMembersRole workspace={workspace} member={changing} onClose={() => setChanging(null)} />
      )}
      {removing && <RemoveMember workspace={workspace} member={removing} onClose={() => setRemoving(null)} />}
    </Page>
  );
}

const MOST_NAMED = 5;

function Administrators({ everyone }: { everyone: readonly Member[] | null }) {
  const admins = (everyone ?? []).filter((one) => one.role === "admin");
  if (admins.length === 0) return null;
  const further = admins.length - MOST_NAMED;
  return (
    <Text maw="70ch">
      {admins.length === 1 ? "Administrator" : "Administrators"} of the organization:{" "}
      {admins.slice(0, MOST_NAMED).map(nameOf).join(", ")}
      {further > 0 && ` and ${further} more`}.{" "}
      <Anchor component={Link} to="/settings/members" underline="always">
        People
      </Anchor>
    </Text>
  );
}

interface DialogProps {
  workspace: Workspace;
  member: Member;
  onClose: () => void;
}

function ChangeMembersRole({ workspace, member, onClose }: DialogProps) {
  const change = useSetWorkspaceRole(workspace.workspace_id);
  return (
    <ChangeRole
      member={member}
      where={`in ${workspace.name}`}
      words={IN_WORKSPACE}
      onSave={(role) => change.mutate({ user_id: member.user_id, role }, { onSuccess: onClose })}
      onClose={onClose}
      busy={change.isPending}
      error={change.error}
    />
  );
}

function RemoveMember({ workspace, member, onClose }: DialogProps) {
  const remove = useRemoveWorkspaceMember(workspace.workspace_id);
  return (
    <Confirm
      opened
      title={`Remove ${nameOf(member)} from ${workspace.name}?`}
      isDestructive
      action="Remove member"
      onConfirm={() => remove.mutate(member.user_id, { onSuccess: onClose })}
      onClose={onClose}
      busy={remove.isPending}
      problem={remove.error && asProblem(remove.error)}
    >
      <Text size="sm">
        They and their tokens no longer see this workspace, its models and its secrets. They stay in the
        organization.
      </Text>
    </Confirm>
  );
}

/** Who may be added: not who is in it, not oneself, since nobody gives themselves a role. */
function candidatesOf(everyone: readonly Member[], explicit: readonly Member[], ownId: string): Member[] {
  const taken = new Set([ownId, ...explicit.map((one) => one.user_id)]);
  return everyone.filter((one) => !taken.has(one.user_id));
}
