import { UnstyledButton } from "@mantine/core";
import type { Sort } from "../../../api/models";
import classes from "./list.module.css";
import { nextSort } from "./search";

interface Props {
  field: "name" | "provider" | "updated_at";
  label: string;
  sort: Sort | undefined;
  onSort: (sort: Sort) => void;
  className?: string;
}

/** A header that sorts by its column, and says by `aria-sort` whether it does. */
export function SortHeader({ field, label, sort = "name", onSort, className }: Props) {
  const isSorted = sort.replace("-", "") === field;
  const direction = sort.startsWith("-") ? "descending" : "ascending";
  return (
    <th
      scope="col"
      aria-sort={isSorted ? direction : undefined}
      className={`${classes[field]} ${className ?? ""}`}
    >
      <UnstyledButton className={classes.sort} onClick={() => onSort(nextSort(sort, field))}>
        {label}
        <span aria-hidden>{isSorted ? (direction === "ascending" ? " ↑" : " ↓") : ""}</span>
      </UnstyledButton>
    </th>
  );
}
