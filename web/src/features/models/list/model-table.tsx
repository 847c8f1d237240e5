import { useMediaQuery } from "@mantine/hooks";
import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, useLayoutEffect, useRef, useState } from "react";
import type { Workspace } from "../../../api/client";
import type { ModelFilters, Sort } from "../../../api/models";
import classes from "./list.module.css";
import { ModelRow } from "./model-row";
import { type ModelRows, useRows } from "./rows";
import { SortHeader } from "./sort-header";

interface Props {
  workspace: Workspace;
  filters: ModelFilters;
  first: ModelRows;
  onSort: (sort: Sort) => void;
}

const ROW_HEIGHT = { wide: 34, narrow: 52 };
/** The page's header and the table's, which cover what is scrolled beneath them. */
const COVERED = 48 + 34;
const WAITING_ROWS = 12;

/** Thousands of models, of which only those in sight are in the document. */
export function ModelTable({ workspace, filters, first, onSort }: Props) {
  const narrow = useMediaQuery("(max-width: 48em)", false, { getInitialValueInEffect: false });
  const body = useRef<HTMLTableSectionElement>(null);
  const [top, setTop] = useState(0);
  const count = first.total ?? WAITING_ROWS;
  const height = narrow ? ROW_HEIGHT.narrow : ROW_HEIGHT.wide;
  const virtual = useWindowVirtualizer({
    count,
    estimateSize: () => height,
    overscan: 6,
    scrollMargin: top,
    scrollPaddingStart: COVERED,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: rows of another height have to be measured anew
  useLayoutEffect(() => virtual.measure(), [height]);
  useLayoutEffect(() => setTop(body.current?.offsetTop ?? 0), []);
  const items = virtual.getVirtualItems();
  const from = items[0]?.index ?? 0;
  const to = items.at(-1)?.index ?? 0;
  const rowAt = useRows(workspace.workspace_id, filters, first, [from, to]);
  const onKeyDown = useRowKeys(body, count, (index) => virtual.scrollToIndex(index));
  return (
    <table className={classes.table} aria-rowcount={count + 1} aria-busy={first.total === null}>
      <caption className={classes.caption}>Models of the workspace {workspace.name}</caption>
      <Headers sort={filters.sort} onSort={onSort} />
      <tbody ref={body} onKeyDown={onKeyDown} data-narrow={narrow || undefined}>
        <Gap height={from * height} />
        {items.map(({ index }) => (
          <ModelRow key={index} index={index} workspace={workspace} model={rowAt(index)} />
        ))}
        <Gap height={(count - 1 - to) * height} />
      </tbody>
    </table>
  );
}

/** The place of the rows that are out of sight. */
function Gap({ height }: { height: number }) {
  if (height <= 0) return null;
  return (
    <tr aria-hidden>
      <td colSpan={5} className={classes.gap} style={{ height }} />
    </tr>
  );
}

function Headers({ sort, onSort }: { sort: Sort | undefined; onSort: (sort: Sort) => void }) {
  return (
    <thead>
      <tr aria-rowindex={1}>
        <SortHeader field="name" label="Name" sort={sort} onSort={onSort} />
        <th scope="col" className={`${classes.origin} ${classes.wide}`}>
          Origin
        </th>
        <SortHeader field="provider" label="Provider" sort={sort} onSort={onSort} className={classes.wide} />
        <th scope="col" className={`${classes.connection} ${classes.wide}`}>
          Connected
        </th>
        <SortHeader
          field="updated_at"
          label="Changed"
          sort={sort}
          onSort={onSort}
          className={classes.widest}
        />
      </tr>
    </thead>
  );
}

/** Arrow keys, Home and End go from name to name, also to rows that are not in the document yet. */
function useRowKeys(
  body: React.RefObject<HTMLTableSectionElement | null>,
  count: number,
  scrollTo: (index: number) => void,
) {
  const wanted = useRef<number | null>(null);
  // After every rendering: the row may come with this one or with a later one.
  useLayoutEffect(() => {
    if (wanted.current === null) return;
    const link = body.current?.querySelector<HTMLElement>(`[data-index="${wanted.current}"] a`);
    if (!link) return;
    wanted.current = null;
    link.focus({ preventScroll: true });
  });
  return (event: KeyboardEvent) => {
    const row = (event.target as HTMLElement).closest<HTMLElement>("[data-index]");
    const next = row && nextIndex(event.key, Number(row.dataset.index), count);
    if (next === null || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    wanted.current = next;
    scrollTo(next);
    body.current?.querySelector<HTMLElement>(`[data-index="${next}"] a`)?.focus({ preventScroll: true });
  };
}

function nextIndex(key: string, index: number, count: number): number | null {
  if (key === "ArrowDown") return Math.min(index + 1, count - 1);
  if (key === "ArrowUp") return Math.max(index - 1, 0);
  if (key === "Home") return 0;
  if (key === "End") return count - 1;
  return null;
}
