import { Group, Table, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useId } from "react";
import type { Secret } from "../../api/secrets";
import { Ago } from "../../ui/ago";
import { hostWords } from "./entering";
import { SecretActions } from "./secret-actions";
import type { Doing } from "./secret-dialog";
import classes from "./secrets.module.css";
import { UsesCount, UsesList, useUses } from "./uses";

interface Props {
  secret: Secret;
  isHidden: boolean;
  mayChange: boolean;
  onDo: (doing: Doing) => void;
}

/** A secret without its value. On a narrow screen what has no column of its own stands below the name. */
export function SecretRow({ secret, isHidden, mayChange, onDo }: Props) {
  const [opened, { toggle }] = useDisclosure();
  const usesId = useId();
  const count = <UsesCount secretId={secret.secret_id} opened={opened} controls={usesId} onToggle={toggle} />;
  return (
    <>
      <Table.Tr>
        <Table.Td>
          <span className={classes.name}>{secret.name}</span>
          {isHidden && <Hidden origin={secret.origin} />}
          <Text size="xs" c="dimmed" hiddenFrom="md" className={classes.hosts}>
            {hostsOf(secret)}
          </Text>
          <Group hiddenFrom="sm" gap="xs" fz="xs" c="dimmed">
            <span>version {secret.version}</span>
            <Ago at={secret.updated_at} />
            {count}
          </Group>
        </Table.Td>
        <Table.Td visibleFrom="md" className={classes.hosts}>
          {hostsOf(secret)}
        </Table.Td>
        <Table.Td visibleFrom="sm" className={classes.figure}>
          {secret.version}
        </Table.Td>
        <Table.Td visibleFrom="sm" className={classes.when}>
          <Ago at={secret.updated_at} />
        </Table.Td>
        <Table.Td visibleFrom="sm">{count}</Table.Td>
        {mayChange && (
          <Table.Td className={classes.actions}>
            <SecretActions words={["Rotate", "Delete"]} secret={secret} onDo={onDo} />
          </Table.Td>
        )}
      </Table.Tr>
      <Table.Tr id={usesId} hidden={!opened}>
        <Table.Td colSpan={6}>{opened && <Opened secretId={secret.secret_id} />}</Table.Td>
      </Table.Tr>
    </>
  );
}

function Hidden({ origin }: { origin: Secret["origin"] }) {
  return (
    <Text size="xs" c="dimmed">
      {origin === "WORKSPACE"
        ? "used here instead of the organization's"
        : "not used here: this workspace has its own"}
    </Text>
  );
}

function Opened({ secretId }: { secretId: string }) {
  const { data } = useUses(secretId);
  return data ? <UsesList uses={data} /> : null;
}

/** Where a secret may go, in words: one that was never used is not bound yet. */
function hostsOf({ hosts }: Secret): string {
  return hosts ? hosts.map(hostWords).join(", ") : "not bound yet: the first host it is used for";
}
