import { Button, Table, Text } from "@mantine/core";
import type { AuditRecord } from "../../api/audit";
import { Ago } from "../../ui/ago";
import classes from "./audit.module.css";
import { Revision, Thing } from "./thing";
import { authorOf, fieldsOf, wayOf, wordsOf } from "./words";

interface Props {
  record: AuditRecord;
  /** The name of the workspace, where records of several stand together. */
  where: string | null;
  /** Shows what else was done to the same thing; null where that is what is shown. */
  onFollow: (() => void) | null;
}

/** One change. On a narrow screen everything about it stands in one column. */
export function RecordRow({ record, where, onFollow }: Props) {
  return (
    <Table.Tr>
      <Table.Td visibleFrom="md" className={classes.when}>
        <Ago at={record.at} />
      </Table.Td>
      <Table.Td visibleFrom="md" className={classes.when}>
        {authorOf(record)}
      </Table.Td>
      <Table.Td>
        <Text size="xs" c="dimmed" hiddenFrom="md">
          <Ago at={record.at} /> · {authorOf(record)}
        </Text>
        {wordsOf(record.action)} <Thing record={record} />
        <Details record={record} where={where} />
        <Text size="xs" c="dimmed" hiddenFrom="lg" component="div">
          <Way record={record} />
        </Text>
      </Table.Td>
      <Table.Td visibleFrom="lg" className={classes.when}>
        <Way record={record} />
      </Table.Td>
      <Table.Td className={classes.history}>
        {onFollow && (
          <Button
            size="compact-xs"
            variant="default"
            onClick={onFollow}
            aria-label={`History of ${record.subject_name}`}
          >
            History
          </Button>
        )}
      </Table.Td>
    </Table.Tr>
  );
}

function Details({ record, where }: Pick<Props, "record" | "where">) {
  const fields = fieldsOf(record.changes);
  const parts = [where && `in ${where}`, fields].filter(Boolean).join(" · ");
  if (!parts && record.revision === null) return null;
  return (
    <Text size="xs" c="dimmed" component="div">
      {parts}
      {parts && record.revision !== null && " · "}
      <Revision record={record} />
    </Text>
  );
}

function Way({ record }: { record: AuditRecord }) {
  if (record.token_id === null) return wayOf(record);
  return (
    <>
      {wayOf(record)} · <span title={record.token_id}>token {record.token_id.slice(0, 8)}</span>
    </>
  );
}
