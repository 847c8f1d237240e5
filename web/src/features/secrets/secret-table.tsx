import { Button, Table, UnstyledButton, VisuallyHidden } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import type { Secret } from "../../api/secrets";
import type { SecretsSearch } from "./search";
import type { Doing } from "./secret-dialog";
import { SecretRow } from "./secret-row";
import classes from "./secrets.module.css";

/** So many are shown at first: who uses them is asked for each. */
const STEP = 50;

interface Props {
  secrets: readonly Secret[];
  hidden: ReadonlySet<string>;
  mayChange: boolean;
  onDo: (doing: Doing) => void;
}

/** Secrets, one to a row. */
export function SecretTable({ secrets, hidden, mayChange, onDo }: Props) {
  const [shown, setShown] = useState(STEP);
  const rest = secrets.length - shown;
  return (
    <>
      <Table verticalSpacing="xs" aria-label="Secrets">
        <Table.Thead>
          <Table.Tr>
            <SortHeader field="name">Name</SortHeader>
            <Table.Th visibleFrom="md">May be sent to</Table.Th>
            <Table.Th visibleFrom="sm" className={classes.figure}>
              Version
            </Table.Th>
            <SortHeader field="updated_at">Changed</SortHeader>
            <Table.Th visibleFrom="sm" className={classes.when}>
              In use by
            </Table.Th>
            {mayChange && (
              <Table.Th>
                <VisuallyHidden>What to do</VisuallyHidden>
              </Table.Th>
            )}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {secrets.slice(0, shown).map((secret) => (
            <SecretRow
              key={secret.secret_id}
              secret={secret}
              isHidden={hidden.has(secret.name)}
              mayChange={mayChange}
              onDo={onDo}
            />
          ))}
        </Table.Tbody>
      </Table>
      {rest > 0 && (
        <Button variant="default" mt="sm" onClick={() => setShown(shown + STEP)}>
          Show {Math.min(rest, STEP)} more of {rest}
        </Button>
      )}
    </>
  );
}

type Field = "name" | "updated_at";

/** A column that the rows can be sorted by: again is the other way around. */
function SortHeader({ field, children }: { field: Field; children: string }) {
  const { sort = "name" } = useSearch({ from: "/signed-in/w/$workspace/secrets" });
  const navigate = useNavigate({ from: "/w/$workspace/secrets" });
  const isSorted = sort.replace("-", "") === field;
  const isDescending = sort.startsWith("-");
  const direction = isDescending ? "descending" : "ascending";
  return (
    <Table.Th aria-sort={isSorted ? direction : undefined} visibleFrom={field === "name" ? undefined : "sm"}>
      <UnstyledButton
        className={classes.sort}
        onClick={() =>
          navigate({
            search: (was) => ({ ...was, sort: nextSort(field, isSorted, isDescending) }),
            replace: true,
          })
        }
      >
        {children}
        <span aria-hidden>{isSorted && (isDescending ? " ↓" : " ↑")}</span>
      </UnstyledButton>
    </Table.Th>
  );
}

/** By name from A, by time from the newest; by name from A is what the address need not say. */
function nextSort(field: Field, isSorted: boolean, isDescending: boolean): SecretsSearch["sort"] {
  if (field === "name") return isSorted && !isDescending ? "-name" : undefined;
  return isSorted && isDescending ? "updated_at" : "-updated_at";
}
