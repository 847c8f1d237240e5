import { Button, Text } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { useRoleIn } from "../../../api/members";
import { reaches } from "../../../api/roles";
import { Failure } from "../../../ui/failure";
import { Page } from "../../../ui/page";
import { useWorkspace } from "../../../ui/workspace";
import { NoMatch, NoModels, OnlyPlatform } from "./empty-list";
import { Filters } from "./filters";
import { ModelTable } from "./model-table";
import { type ModelRows, useFirstRows } from "./rows";
import { filtersOf, isFiltered, type ListSearch } from "./search";

/** The models that a workspace sees. What is shown of them is in the address. */
export function ListPage() {
  const workspace = useWorkspace();
  const mayEdit = reaches(useRoleIn(workspace.workspace_id), "editor");
  const { search, text, setText, finishText, change, clear } = useListSearch();
  const filters = useMemo(() => filtersOf({ ...search, q: text || undefined }), [search, text]);
  const rows = useFirstRows(workspace.workspace_id, filters);
  const content = useRef<HTMLDivElement>(null);
  const isEverything = !isFiltered({ ...search, q: text || undefined });
  return (
    <Page
      title="Models"
      aside={<Count rows={rows} />}
      actions={mayEdit && <NewModel workspace={workspace.name} />}
    >
      <Filters
        text={text}
        onText={setText}
        onTextDone={finishText}
        search={search}
        onChange={change}
        onClear={clear}
        onDown={() => content.current?.querySelector<HTMLElement>("[data-index] a")?.focus()}
      />
      {rows.problem && <Failure problem={rows.problem} onRetry={rows.retry} />}
      <div ref={content}>
        {rows.total !== 0 && !(rows.problem && rows.total === null) && (
          <ModelTable
            workspace={workspace}
            filters={filters}
            first={rows}
            onSort={(sort) => change({ sort })}
          />
        )}
        {rows.total === 0 && rows.isSettled && !isEverything && <NoMatch onClear={clear} />}
        {rows.total === 0 && rows.isSettled && isEverything && (
          <NoModels workspace={workspace.name} mayEdit={mayEdit} />
        )}
        {isEverything && <OnlyPlatform rows={rows} workspace={workspace.name} mayEdit={mayEdit} />}
      </div>
    </Page>
  );
}

function Count({ rows }: { rows: ModelRows }) {
  const total = rows.total?.toLocaleString("en");
  return (
    <Text size="sm" c="dimmed" role="status">
      {total === undefined ? "" : `${total}${rows.isSettled ? "" : " so far"}`}
    </Text>
  );
}

function NewModel({ workspace }: { workspace: string }) {
  return (
    <Button renderRoot={(props) => <Link {...props} to="/w/$workspace/models/new" params={{ workspace }} />}>
      New model
    </Button>
  );
}

/** How long the address waits for the next letter: browsers refuse to write it many times in a row. */
const TYPING_MS = 300;

/** The search of the address. Its text is what was typed at once, and is in the address when typing has paused. */
function useListSearch() {
  const search = useSearch({ from: "/signed-in/w/$workspace/models" });
  const navigate = useNavigate({ from: "/w/$workspace/models" });
  const written = useRef(search.q ?? "");
  const [text, show] = useState(search.q ?? "");
  // Back, forward and links change the address from outside.
  useEffect(() => {
    if ((search.q ?? "") === written.current) return;
    written.current = search.q ?? "";
    show(written.current);
  }, [search.q]);
  const change = useCallback(
    (some: Partial<ListSearch>) => {
      window.scrollTo({ top: 0 });
      void navigate({ search: (before) => ({ ...before, ...some }), replace: true, resetScroll: false });
    },
    [navigate],
  );
  const write = useDebouncedCallback((q: string) => {
    written.current = q;
    change({ q: q || undefined });
  }, TYPING_MS);
  function setText(q: string): void {
    show(q);
    write(q);
  }
  function clear(): void {
    write.cancel();
    written.current = "";
    show("");
    void navigate({ search: ({ sort, hidden }) => ({ sort, hidden }), replace: true });
  }
  return { search, text, setText, finishText: write.flush, change, clear };
}
