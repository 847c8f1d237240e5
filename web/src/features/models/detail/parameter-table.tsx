import { Table, Text, Title } from "@mantine/core";
import classes from "./detail.module.css";
import { isOpen, parametersOf } from "./parameters";

/** What callers may set, and within what. The raw schema says it all; this says what most of them say. */
export function ParameterTable({ schema }: { schema: Record<string, unknown> }) {
  const parameters = parametersOf(schema);
  return (
    <section aria-labelledby="parameters">
      <Title order={2} mb={4} id="parameters">
        Parameters callers may set
      </Title>
      <Text size="sm" mb="xs" className={classes.quiet}>
        {sentence(parameters.length, isOpen(schema))}
      </Text>
      {parameters.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by the keyboard
        <section className={classes.scroll} tabIndex={0} aria-label="Parameters">
          <Table className={classes.parameters} verticalSpacing={6} horizontalSpacing="sm" miw={520}>
            <Table.Thead>
              <Table.Tr>
                {["Name", "Type", "Range", "Default", "About"].map((label) => (
                  <Table.Th key={label}>{label}</Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {parameters.map((one) => (
                <Table.Tr key={one.name}>
                  <Table.Th scope="row">
                    {one.name}
                    {one.isRequired && <span className={classes.quiet}> required</span>}
                  </Table.Th>
                  <Table.Td>{one.type}</Table.Td>
                  <Table.Td>{one.range}</Table.Td>
                  <Table.Td className={classes.json}>{one.default}</Table.Td>
                  <Table.Td>{one.description}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </section>
      )}
    </section>
  );
}

function sentence(count: number, open: boolean): string {
  if (count === 0)
    return open ? "Any: the schema names none and refuses none." : "None: the schema is closed.";
  return open ? "Others too: the schema is open." : "No others: the schema is closed.";
}
