import { Box, Button, Skeleton, Table, Text, VisuallyHidden } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Schemas } from "../../api/client";
import { asProblem } from "../../api/problem";
import { providers } from "../../api/queries";
import type { Secret } from "../../api/secrets";
import { Ago } from "../../ui/ago";
import { Empty } from "../../ui/empty";
import { Failure } from "../../ui/failure";
import { hostWords } from "./entering";
import { type Integration, integrationsOf } from "./integrations";
import { SearchField } from "./search-field";
import { SecretActions } from "./secret-actions";
import { type Doing, SecretDialog } from "./secret-dialog";
import classes from "./secrets.module.css";
import { useDoing } from "./use-doing";

interface Props {
  /** The organization's. */
  secrets: readonly Secret[];
  mayChange: boolean;
}

/** The well-known providers, and whether the organization has their usual secrets. */
export function IntegrationsTab({ secrets, mayChange }: Props) {
  const { data, error, refetch } = useQuery(providers);
  const { doing, start, close, said, status } = useDoing(secrets, mayChange);
  return (
    <>
      <Text size="sm" c="dimmed">
        An integration is the organization's secret of the name that a provider's models usually have for it:
        every workspace may use it.{" "}
        {!mayChange && "Editors and administrators of the organization enter them."}
      </Text>
      <Box mt="sm">
        <SearchField label="Search by provider or secret" />
      </Box>
      <Text role="status" ref={status} tabIndex={-1} size="sm" className={classes.line}>
        {said}
      </Text>
      {error && <Failure problem={asProblem(error)} onRetry={() => refetch()} />}
      {!data && !error && <Skeleton height={480} />}
      {data && <Integrations {...{ secrets, mayChange }} providers={data.data} onDo={start} />}
      <SecretDialog scope={null} doing={doing} onClose={close} />
    </>
  );
}

interface ListProps extends Props {
  providers: Schemas["Provider"][];
  onDo: (doing: Doing) => void;
}

function Integrations({ providers: known, secrets, mayChange, onDo }: ListProps) {
  const { q = "" } = useSearch({ from: "/signed-in/w/$workspace/secrets" });
  const found = integrationsOf(known, secrets, q);
  if (found.length === 0) return <Empty title="No provider matches" />;
  return (
    <Table verticalSpacing="xs" aria-label="Integrations">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Provider</Table.Th>
          <Table.Th>Secret</Table.Th>
          <Table.Th visibleFrom="sm">Entered</Table.Th>
          <Table.Th visibleFrom="md">May be sent to</Table.Th>
          {mayChange && (
            <Table.Th>
              <VisuallyHidden>What to do</VisuallyHidden>
            </Table.Th>
          )}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {found.map((one) => (
          <Rows key={one.provider.provider} integration={one} mayChange={mayChange} onDo={onDo} />
        ))}
      </Table.Tbody>
    </Table>
  );
}

interface RowsProps {
  integration: Integration;
  mayChange: boolean;
  onDo: (doing: Doing) => void;
}

/** A row for each secret that is there; one that says that there is none. */
function Rows({ integration: { provider, entered, missing }, mayChange, onDo }: RowsProps) {
  const add = (words: string) => (
    <Button
      size="compact-xs"
      variant="default"
      onClick={() => onDo({ kind: "add", names: missing })}
      aria-label={`${words}: ${provider.provider}`}
    >
      {words}
    </Button>
  );
  if (entered.length === 0) {
    return (
      <Row
        name={provider.provider}
        secret={null}
        usual={missing[0] ?? ""}
        actions={mayChange && add("Add key")}
      />
    );
  }
  return entered.map((secret, index) => (
    <Row
      key={secret.secret_id}
      name={index === 0 ? provider.provider : ""}
      secret={secret}
      usual={secret.name}
      actions={
        mayChange && (
          <>
            {index === 0 && missing.length > 0 && add("Add another")}{" "}
            <SecretActions words={["Replace", "Remove"]} secret={secret} onDo={onDo} />
          </>
        )
      }
    />
  ));
}

interface RowProps {
  name: string;
  secret: Secret | null;
  usual: string;
  actions: ReactNode;
}

function Row({ name, secret, usual, actions }: RowProps) {
  const entered = secret ? (
    <Ago at={secret.updated_at} />
  ) : (
    <Text inherit c="dimmed" component="span">
      not yet
    </Text>
  );
  return (
    <Table.Tr>
      <Table.Td className={classes.usual}>{name}</Table.Td>
      <Table.Td className={classes.usual}>
        <span className={classes.name}>{usual}</span>
        <Text size="xs" hiddenFrom="sm" component="div">
          {entered}
        </Text>
      </Table.Td>
      <Table.Td visibleFrom="sm" className={classes.usual}>
        {entered}
      </Table.Td>
      <Table.Td visibleFrom="md" className={classes.hosts}>
        {secret?.hosts?.map(hostWords).join(", ")}
      </Table.Td>
      {actions && <Table.Td className={classes.actions}>{actions}</Table.Td>}
    </Table.Tr>
  );
}
