import { Table, Text, VisuallyHidden } from "@mantine/core";
import { useSuspenseQuery } from "@tanstack/react-query";
import type { Token } from "../../api/access";
import { workspaces } from "../../api/queries";
import { Ago, agoOf } from "../../ui/ago";
import { expiryInWords, isOver } from "./expiry";
import { RowAction } from "./row-action";
import classes from "./settings.module.css";

interface Props {
  tokens: readonly Token[];
  /** Names by user id; missing where all are one's own. */
  owners?: ReadonlyMap<string, string>;
  onRevoke: (token: Token) => void;
}

/** Tokens, by what they may do and for how long. */
export function TokenTable({ tokens, owners, onRevoke }: Props) {
  return (
    <Table className={classes.table}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Name</Table.Th>
          {owners && <Table.Th visibleFrom="md">Owner</Table.Th>}
          <Table.Th visibleFrom="md">May at most</Table.Th>
          <Table.Th visibleFrom="md">Workspace</Table.Th>
          <Table.Th visibleFrom="lg">Created</Table.Th>
          <Table.Th visibleFrom="md">Expires</Table.Th>
          <Table.Th>
            <VisuallyHidden>Actions</VisuallyHidden>
          </Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {tokens.map((token) => (
          <TokenRow key={token.token_id} token={token} owners={owners} onRevoke={onRevoke} />
        ))}
      </Table.Tbody>
    </Table>
  );
}

function TokenRow({ token, owners, onRevoke }: { token: Token } & Omit<Props, "tokens">) {
  const workspace = useWorkspaceName(token.workspace_id);
  const owner = owners?.get(token.user_id);
  return (
    <Table.Tr>
      <Table.Td className={classes.name}>
        <Text fw={600} className={classes.breakable}>
          {token.name}
        </Text>
        <Text size="xs" c="dimmed" ff="monospace">
          {token.prefix}…
        </Text>
        <Text size="xs" c="dimmed" hiddenFrom="md" className={classes.breakable}>
          {[owner, token.role, workspace].filter(Boolean).join(" · ")}
          <br />
          Expires: {expiryInWords(token.expires_at, new Date())}
        </Text>
      </Table.Td>
      {owners && (
        <Table.Td visibleFrom="md" className={classes.breakable}>
          {owner}
        </Table.Td>
      )}
      <Table.Td visibleFrom="md">{token.role}</Table.Td>
      <Table.Td visibleFrom="md" className={classes.breakable}>
        {workspace}
      </Table.Td>
      <Table.Td visibleFrom="lg">
        <Ago at={token.created_at} />
      </Table.Td>
      <Table.Td visibleFrom="md">
        <Expires at={token.expires_at} />
      </Table.Td>
      <Table.Td>
        <div className={classes.actions}>
          <RowAction label="Revoke" to={token.name} onClick={() => onRevoke(token)} />
        </div>
      </Table.Td>
    </Table.Tr>
  );
}

function Expires({ at }: { at: string | null }) {
  const now = new Date();
  const colour = at === null ? "dimmed" : isOver(at, now) ? "red" : undefined;
  return (
    <Text className={classes.whole} c={colour} title={at ? agoOf(at, now.getTime()) : undefined}>
      {expiryInWords(at, now)}
    </Text>
  );
}

function useWorkspaceName(workspaceId: string | null): string {
  const { data } = useSuspenseQuery(workspaces);
  if (workspaceId === null) return "all";
  return data.find((one) => one.workspace_id === workspaceId)?.name ?? "one that you may not see";
}
