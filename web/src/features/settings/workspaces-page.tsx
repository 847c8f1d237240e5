import { Anchor, Button, Code, Table, Text, VisuallyHidden } from "@mantine/core";
import { useSuspenseQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import type { Workspace } from "../../api/client";
import { me, workspaces } from "../../api/queries";
import { managesOrganization } from "../../api/roles";
import { Empty } from "../../ui/empty";
import { Page } from "../../ui/page";
import { CreateWorkspace } from "./create-workspace";
import { DeleteWorkspace } from "./delete-workspace";
import { RowAction } from "./row-action";
import classes from "./settings.module.css";

/** The workspaces that one may see; administrators make and delete them. */
export function WorkspacesPage() {
  const { data } = useSuspenseQuery(workspaces);
  const manages = managesOrganization(useSuspenseQuery(me).data);
  const [creating, setCreating] = useState(false);
  const [deleting, setDeleting] = useState<Workspace | null>(null);
  const create = <Button onClick={() => setCreating(true)}>New workspace</Button>;
  return (
    <Page title="Workspaces" aside={<Text c="dimmed">{data.length}</Text>} actions={manages && create}>
      <Text c="dimmed" maw="70ch">
        A workspace has models and secrets of its own, and members who may use them.
        {!manages && " Administrators of the organization make and delete workspaces."}
      </Text>
      {data.length === 0 ? (
        <NoWorkspace manages={manages} />
      ) : (
        <WorkspaceTable workspaces={data} onDelete={manages ? setDeleting : undefined} />
      )}
      {creating && <CreateWorkspace onClose={() => setCreating(false)} />}
      {deleting && <DeleteWorkspace workspace={deleting} onClose={() => setDeleting(null)} />}
    </Page>
  );
}

function NoWorkspace({ manages }: { manages: boolean }) {
  return (
    <Empty title={manages ? "There is no workspace yet" : "You are in no workspace yet"}>
      {manages
        ? "Make the first one: models belong to a workspace or to the whole organization."
        : "Ask an administrator to add you to one. You see it here as soon as they have."}
    </Empty>
  );
}

interface TableProps {
  workspaces: readonly Workspace[];
  onDelete?: (workspace: Workspace) => void;
}

function WorkspaceTable({ workspaces: rows, onDelete }: TableProps) {
  return (
    <Table className={classes.table}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Name</Table.Th>
          <Table.Th visibleFrom="md">ID, as the API has it</Table.Th>
          <Table.Th>
            <VisuallyHidden>Actions</VisuallyHidden>
          </Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map((row) => (
          <WorkspaceRow key={row.workspace_id} workspace={row} onDelete={onDelete} />
        ))}
      </Table.Tbody>
    </Table>
  );
}

function WorkspaceRow({
  workspace,
  onDelete,
}: {
  workspace: Workspace;
  onDelete?: (workspace: Workspace) => void;
}) {
  const params = { workspace: workspace.name } as never;
  return (
    <Table.Tr>
      <Table.Td className={classes.name}>
        <Anchor
          component={Link}
          to="/w/$workspace/models"
          params={params}
          fw={600}
          className={classes.breakable}
        >
          {workspace.name}
        </Anchor>
      </Table.Td>
      <Table.Td visibleFrom="md">
        <Code className={classes.whole}>{workspace.workspace_id}</Code>
      </Table.Td>
      <Table.Td>
        <div className={classes.actions}>
          <Anchor component={Link} to="/w/$workspace/members" params={params} c="dimmed" size="sm" px={8}>
            Members
          </Anchor>
          {onDelete && <RowAction label="Delete" to={workspace.name} onClick={() => onDelete(workspace)} />}
        </div>
      </Table.Td>
    </Table.Tr>
  );
}
