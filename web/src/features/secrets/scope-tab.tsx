import { Button, Group, Text } from "@mantine/core";
import { useSearch } from "@tanstack/react-router";
import type { Secret, SecretScope } from "../../api/secrets";
import { Empty } from "../../ui/empty";
import { rowsOf } from "./rows";
import { SearchField } from "./search-field";
import { SecretDialog } from "./secret-dialog";
import { SecretTable } from "./secret-table";
import classes from "./secrets.module.css";
import { useDoing } from "./use-doing";

interface Props {
  scope: SecretScope;
  secrets: readonly Secret[];
  hidden: ReadonlySet<string>;
  mayChange: boolean;
}

/** The secrets of the workspace, or of the organization. */
export function ScopeTab({ scope, secrets, hidden, mayChange }: Props) {
  const search = useSearch({ from: "/signed-in/w/$workspace/secrets" });
  const { doing, start, close, said, status } = useDoing(secrets, mayChange);
  const add = mayChange && <Button onClick={() => start({ kind: "add", names: [] })}>Add a secret</Button>;
  const rows = rowsOf(secrets, search);
  return (
    <>
      <Text size="sm" c="dimmed">
        {whatTheyAre(scope)} {!mayChange && whoMay(scope)}
      </Text>
      {!mayChange && search.add && <Text size="sm">Ask one of them to enter {search.add}.</Text>}
      <Group justify="space-between" mt="sm">
        <SearchField label="Search by name or host" />
        {add}
      </Group>
      <Text role="status" ref={status} tabIndex={-1} size="sm" className={classes.line}>
        {said}
      </Text>
      {secrets.length === 0 && <NoSecrets scope={scope} mayChange={mayChange} />}
      {secrets.length > 0 && rows.length === 0 && <Empty title="No secret matches" />}
      {rows.length > 0 && <SecretTable secrets={rows} {...{ hidden, mayChange }} onDo={start} />}
      <SecretDialog scope={scope} doing={doing} onClose={close} />
    </>
  );
}

function whatTheyAre(scope: SecretScope): string {
  if (scope !== null)
    return "Models of this workspace use these first; one hides the organization's of the same name.";
  return "Models of every workspace use these, where the workspace has none of the same name.";
}

function whoMay(scope: SecretScope): string {
  const whose = scope === null ? "of the organization" : "of this workspace";
  return `Editors and administrators ${whose} enter, rotate and delete them.`;
}

function NoSecrets({ scope, mayChange }: { scope: SecretScope; mayChange: boolean }) {
  return (
    <Empty title={scope === null ? "The organization has no secrets" : "This workspace has no secrets"}>
      A secret is a key that models call their provider with. A definition names it, and its value is never
      shown again.
      {mayChange && " Add the first one, under the name that your models have for it."}
    </Empty>
  );
}
