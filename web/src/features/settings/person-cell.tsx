import { Table, Text } from "@mantine/core";
import { type Member, nameOf } from "../../api/roles";
import classes from "./settings.module.css";

/** A person in a list: name, and on narrow screens the role and the address below it. */
export function PersonCell({ person, own }: { person: Member; own: boolean }) {
  return (
    <Table.Td className={classes.name}>
      <Text fw={600} className={classes.breakable}>
        {nameOf(person)}
        {own && (
          <Text span c="dimmed" fw={400}>
            {" "}
            · you
          </Text>
        )}
      </Text>
      <Text size="xs" c="dimmed" hiddenFrom="md" className={classes.breakable}>
        {person.role} · {person.email}
      </Text>
    </Table.Td>
  );
}
