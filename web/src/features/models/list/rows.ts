import { useQueries, useQuery, useQueryClient } from "@tanstack/react-query";
import { useMemo } from "react";
import type { Model, Schemas } from "../../../api/client";
import { type ModelFilters, modelPage, PAGE_SIZE, pagesKey } from "../../../api/models";
import { asProblem, type Problem } from "../../../api/problem";
import { matching } from "./matching";

type Page = Schemas["ModelList"];

/** The rows of a list, of which those in sight are there or on their way. */
export interface ModelRows {
  /** How many there are; null until anything is known. */
  total: number | null;
  /** Whether that is what the server said, and not what was here already. */
  isSettled: boolean;
  rowAt: (index: number) => Model | undefined;
  problem: Problem | null;
  retry: () => void;
}

/**
 * The models that the filters leave. Until the server has answered, those of the ones that are here already: typing
 * never waits. An answer to older filters is dropped, and its call ended.
 */
export function useFirstRows(workspaceId: string, filters: ModelFilters): ModelRows {
  const queries = useQueryClient();
  const first = useQuery(modelPage(workspaceId, filters, 1));
  const here = useMemo(() => {
    if (first.data) return null;
    const pages = queries.getQueriesData<Page>({ queryKey: pagesKey(workspaceId) });
    const models = new Map(pages.flatMap(([, page]) => page?.data ?? []).map((one) => [one.model_id, one]));
    return models.size > 0 ? matching(models.values(), filters) : null;
  }, [first.data, filters, queries, workspaceId]);
  return {
    total: first.data?.total ?? here?.length ?? null,
    isSettled: first.data !== undefined,
    rowAt: (index) => (first.data?.data ?? here)?.[index],
    problem: first.error ? asProblem(first.error) : null,
    retry: () => void first.refetch(),
  };
}

/** The same with the pages that hold the rows from `from` to `to`; a page that is far away is asked for at once. */
export function useRows(
  workspaceId: string,
  filters: ModelFilters,
  first: ModelRows,
  [from, to]: [number, number],
): (index: number) => Model | undefined {
  const pages = first.isSettled ? pagesBetween(from, to).filter((page) => page > 1) : [];
  const further = useQueries({ queries: pages.map((page) => modelPage(workspaceId, filters, page)) });
  return (index) => {
    const page = pageOf(index);
    if (page === 1 || !first.isSettled) return first.rowAt(index);
    return further[pages.indexOf(page)]?.data?.data[index % PAGE_SIZE];
  };
}

function pageOf(index: number): number {
  return Math.floor(index / PAGE_SIZE) + 1;
}

function pagesBetween(from: number, to: number): number[] {
  const last = pageOf(Math.max(from, to));
  return Array.from({ length: last - pageOf(from) + 1 }, (_, number) => pageOf(from) + number);
}
