import { Button, Checkbox, Select, Text, Textarea } from "@mantine/core";
import { type ReactNode, useId } from "react";
import { numberWritten } from "../../../api/json";
import { ValueInput } from "../../../ui/form/value-input";
import { areWritable, parseChoices, parseDefault, printChoices, printDefault } from "./cells";
import {
  type Change,
  hasRange,
  type Row,
  rowsOf,
  type Schema,
  TYPES,
  withChange,
  withName,
  withoutParameter,
  withRequired,
} from "./parameters";
import classes from "./parameters-table.module.css";

interface Props {
  row: Row;
  schema: Schema;
  onChange: (schema: Schema) => void;
  onUnfinished: (field: string, isUnfinished: boolean) => void;
  faults?: string[];
  isNew: boolean;
}

/** One parameter: a line for what it may be, and one for what it means. */
export function ParameterRow({ row, schema, onChange, onUnfinished, faults, isNew }: Props) {
  const id = useId();
  const change = (one: Change) => onChange(withChange(schema, row.name, one));
  const tell = (cell: string) => (isUnfinished: boolean) => onUnfinished(`${id} ${cell}`, isUnfinished);
  const number = (field: "least" | "most", label: string) => (
    <ValueInput
      aria-label={`${label} of ${row.name}`}
      placeholder={row.type === "string" ? "length" : row.type === "array" ? "entries" : "any"}
      disabled={!hasRange(row.type)}
      value={row[field]}
      print={String}
      parse={numberWritten}
      onChange={(value) => change({ [field]: value })}
      onUnfinished={tell(field)}
      classNames={{ input: classes.number }}
    />
  );
  return (
    <tbody data-fault={faults ? true : undefined}>
      <tr>
        <Cell label="Name">
          <ValueInput
            aria-label={`Name of ${row.name}`}
            value={row.name}
            print={String}
            parse={(text) => freeName(text, row, schema)}
            missing="Give it a name."
            onChange={(to) => onChange(withName(schema, row.name, String(to)))}
            onUnfinished={tell("name")}
            autoFocus={isNew}
            spellCheck={false}
          />
        </Cell>
        <Cell label="Type">
          <TypeSelect row={row} onChange={(type) => change({ type })} />
        </Cell>
        <Cell label="From">{number("least", "Least")}</Cell>
        <Cell label="To">{number("most", "Most")}</Cell>
        <Cell label="Allowed values">
          <ValueInput
            aria-label={`Allowed values of ${row.name}`}
            placeholder="any"
            disabled={row.choices !== undefined && !areWritable(row.choices, row.type)}
            value={row.choices}
            print={printChoices}
            parse={(text) => parseChoices(text, row.type)}
            onChange={(choices) => change({ choices: choices as unknown[] | undefined })}
            onUnfinished={tell("choices")}
          />
        </Cell>
        <Cell label="Default">
          <ValueInput
            aria-label={`Default of ${row.name}`}
            placeholder="none"
            value={row.default}
            print={(value) => printDefault(value, row.type)}
            parse={(text) => parseDefault(text, row.type)}
            onChange={(value) => change({ default: value })}
            onUnfinished={tell("default")}
          />
        </Cell>
        <Cell label="Required">
          <Checkbox
            aria-label={`${row.name} is required`}
            checked={row.required}
            onChange={(event) => onChange(withRequired(schema, row.name, event.currentTarget.checked))}
          />
        </Cell>
        <Cell label="">
          <Button
            variant="subtle"
            color="gray"
            onClick={() => onChange(withoutParameter(schema, row.name))}
            aria-label={`Remove ${row.name}`}
          >
            Remove
          </Button>
        </Cell>
      </tr>
      <tr>
        <td colSpan={8}>
          <Textarea
            autosize
            minRows={1}
            aria-label={`Description of ${row.name}`}
            placeholder="What it does, for those who set it"
            variant="unstyled"
            value={row.description}
            onChange={(event) => change({ description: event.currentTarget.value })}
          />
          {row.more && <Text size="xs">More in the raw schema: it is kept as it is.</Text>}
          {faults?.map((fault) => (
            <Text key={fault} size="xs" c="red" role="alert" tabIndex={-1} data-first-fault>
              {row.name}: {fault}
            </Text>
          ))}
        </td>
      </tr>
    </tbody>
  );
}

/** The cell's heading stands in it where the table is narrow. */
function Cell({ label, children }: { label: string; children: ReactNode }) {
  return <td data-label={label}>{children}</td>;
}

function freeName(text: string, row: Row, schema: Schema): string {
  const name = text.trim();
  const others = rowsOf(schema).filter((one) => one.name !== row.name);
  if (others.some((one) => one.name === name)) throw new Error("There is one of this name.");
  return name;
}

function TypeSelect({ row, onChange }: { row: Row; onChange: (type: string) => void }) {
  const known = TYPES.some((type) => type === row.type) || row.type === "";
  return (
    <Select
      aria-label={`Type of ${row.name}`}
      allowDeselect={false}
      data={[
        ...(known ? [] : [{ value: row.type, label: row.type, disabled: true }]),
        ...TYPES.map((type) => ({ value: type as string, label: type as string })),
        { value: "", label: "any" },
      ]}
      value={row.type}
      onChange={(type) => onChange(type ?? "")}
    />
  );
}
