import { Code, Text } from "@mantine/core";
import type { Difference } from "../api/differences";
import { partsOf } from "../api/differences";
import { printJson } from "../api/json";
import classes from "./difference-list.module.css";

interface Props {
  found: readonly Difference[];
  /** What the two sides are, such as "Revision 3" and "Now". */
  before: string;
  after: string;
}

/** What differs, field by field: where, what it was, what it is. */
export function DifferenceList({ found, before, after }: Props) {
  if (found.length === 0) return <Text>They say the same.</Text>;
  return (
    <table className={classes.table}>
      <thead>
        <tr>
          <th scope="col">Field</th>
          <th scope="col">{before}</th>
          <th scope="col">{after}</th>
        </tr>
      </thead>
      <tbody>
        {found.map((one) => (
          <tr key={one.pointer}>
            <th scope="row">
              <Place pointer={one.pointer} />
            </th>
            <td data-side={before}>
              <Value value={one.before} mark="del" />
            </td>
            <td data-side={after}>
              <Value value={one.after} mark="ins" />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** A pointer as a person reads it: its last part first to find, what it is in after it. */
function Place({ pointer }: { pointer: string }) {
  const parts = partsOf(pointer);
  const last = parts.at(-1);
  return (
    <>
      {last ?? "All of it"}
      {parts.length > 1 && <span className={classes.inside}>in {parts.slice(0, -1).join(" › ")}</span>}
    </>
  );
}

function Value({ value, mark: Mark }: { value: unknown; mark: "ins" | "del" }) {
  if (value === undefined) return <span className={classes.absent}>not there</span>;
  return (
    <Mark className={classes[Mark]}>
      <Code className={classes.value}>{printJson(value)}</Code>
    </Mark>
  );
}
