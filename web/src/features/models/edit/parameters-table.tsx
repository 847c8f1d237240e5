import { Button, Group, Menu, Stack, Switch, Text } from "@mantine/core";
import { useState } from "react";
import { AddParameter } from "./add-parameter";
import { ParameterRow } from "./parameter-row";
import { isClosed, isTabular, rowsOf, type Schema, saysMore, withClosed, withParameter } from "./parameters";
import classes from "./parameters-table.module.css";
import { USUAL_PARAMETERS } from "./usual-parameters";

interface Props {
  schema: Schema;
  onChange: (schema: Schema) => void;
  onUnfinished: (field: string, isUnfinished: boolean) => void;
  /** A server's faults, by parameter. */
  faults: Record<string, string[]>;
}

/** The parameters callers may set, as a table; what it cannot show stays as it is, and is said to be there. */
export function ParametersTable({ schema, onChange, onUnfinished, faults }: Props) {
  const [added, setAdded] = useState<string | null>(null);
  if (!isTabular(schema)) {
    return <Text size="sm">This schema is more than a list of parameters: edit it as raw schema.</Text>;
  }
  const rows = rowsOf(schema);
  const add = (name: string, parameter: Schema) => {
    setAdded(name);
    onChange(withParameter(schema, name, parameter));
  };
  return (
    <Stack gap="sm">
      {rows.length === 0 ? (
        <Text size="sm">
          {isClosed(schema) ? "Callers may set nothing." : "Nothing is limited: callers may set anything."}
        </Text>
      ) : (
        <table className={classes.table}>
          <thead>
            <tr>
              {["Name", "Type", "From", "To", "Allowed values", "Default", "Required", ""].map((title) => (
                <th key={title} scope="col">
                  {title || <span className={classes.unseen}>Remove</span>}
                </th>
              ))}
            </tr>
          </thead>
          {rows.map((row, index) => (
            <ParameterRow
              // By place: a name that is being typed is the same row.
              // biome-ignore lint/suspicious/noArrayIndexKey: see above
              key={index}
              row={row}
              schema={schema}
              onChange={onChange}
              onUnfinished={onUnfinished}
              faults={faults[row.name]}
              isNew={row.name === added}
            />
          ))}
        </table>
      )}
      {saysMore(schema) && <Text size="xs">There is more in the raw schema than this table shows.</Text>}
      <AddRow schema={schema} onAdd={add} />
      <Switch
        size="sm"
        checked={isClosed(schema)}
        onChange={(event) => onChange(withClosed(schema, event.currentTarget.checked))}
        label="Nothing else may be set"
        description={
          isClosed(schema)
            ? "A call with any other parameter is refused."
            : "Any other parameter of the generator is let through as it comes."
        }
      />
    </Stack>
  );
}

function AddRow({ schema, onAdd }: { schema: Schema; onAdd: (name: string, parameter: Schema) => void }) {
  const taken = rowsOf(schema).map(({ name }) => name);
  const usual = Object.entries(USUAL_PARAMETERS).filter(([name]) => !taken.includes(name));
  return (
    <Group gap="xs" align="flex-start">
      {usual.length > 0 && (
        <Menu position="bottom-start">
          <Menu.Target>
            <Button variant="default">Add a usual one</Button>
          </Menu.Target>
          <Menu.Dropdown mah={320} style={{ overflowY: "auto" }}>
            {usual.map(([name, parameter]) => (
              <Menu.Item key={name} onClick={() => onAdd(name, parameter)}>
                {name}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      )}
      <AddParameter taken={taken} onAdd={(name) => onAdd(name, { type: "string" })} />
    </Group>
  );
}
