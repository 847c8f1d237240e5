import { Table, Text, TextInput, VisuallyHidden } from "@mantine/core";
import { useState } from "react";
import { type Member, nameOf } from "../../api/roles";
import { PersonCell } from "./person-cell";
import { RowAction } from "./row-action";
import classes from "./settings.module.css";

interface Props {
  members: readonly Member[];
  /** Who is signed in: nobody changes their own role. */
  ownId: string;
  roleHeading: string;
  /** Missing where the person may not change them. */
  onChangeRole?: (member: Member) => void;
  onRemove?: (member: Member) => void;
}

const MANY = 12;

/** People with their roles. */
export function MemberTable({ members, ownId, roleHeading, onChangeRole, onRemove }: Props) {
  const [search, setSearch] = useState("");
  const found = members.filter((one) => matches(one, search));
  return (
    <>
      {members.length > MANY && (
        <TextInput
          type="search"
          aria-label="Find by name or e-mail"
          placeholder="Find by name or e-mail"
          maw={320}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
      )}
      <Table className={classes.table}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Name</Table.Th>
            <Table.Th visibleFrom="md">E-mail</Table.Th>
            <Table.Th visibleFrom="md">{roleHeading}</Table.Th>
            {onChangeRole && (
              <Table.Th>
                <VisuallyHidden>Actions</VisuallyHidden>
              </Table.Th>
            )}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {found.map((member) => (
            <Table.Tr key={member.user_id}>
              <PersonCell person={member} own={member.user_id === ownId} />
              <Table.Td visibleFrom="md" className={classes.breakable}>
                {member.email}
              </Table.Td>
              <Table.Td visibleFrom="md">{member.role}</Table.Td>
              {onChangeRole && onRemove && (
                <Table.Td>
                  {member.user_id !== ownId && (
                    <div className={classes.actions}>
                      <RowAction
                        label="Change role"
                        to={`of ${nameOf(member)}`}
                        onClick={() => onChangeRole(member)}
                      />
                      <RowAction label="Remove" to={nameOf(member)} onClick={() => onRemove(member)} />
                    </div>
                  )}
                </Table.Td>
              )}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {found.length === 0 && <Text c="dimmed">Nobody here has “{search}” in their name or e-mail.</Text>}
    </>
  );
}

function matches(member: Member, search: string): boolean {
  return `${nameOf(member)} ${member.email}`.toLowerCase().includes(search.trim().toLowerCase());
}
