import { Button, Checkbox, Group, Select, TextInput } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { type KeyboardEvent, memo, useRef } from "react";
import type { Origin, Sort } from "../../../api/models";
import { providers } from "../../../api/queries";
import classes from "./list.module.css";
import { isFiltered, type ListSearch } from "./search";

interface Props extends ChoicesProps {
  text: string;
  onText: (text: string) => void;
  /** The text will not change for now: the address may say it. */
  onTextDone: () => void;
  onClear: () => void;
  /** Into the list, from the search. */
  onDown: () => void;
}

interface ChoicesProps {
  search: ListSearch;
  onChange: (change: Partial<ListSearch>) => void;
}

const ORIGINS = [
  { value: "WORKSPACE", label: "Workspace" },
  { value: "ORGANIZATION", label: "Organization" },
  { value: "PLATFORM", label: "Platform" },
];
const CONNECTED = [
  { value: "true", label: "Connected" },
  { value: "false", label: "Not connected" },
];
const SORTS = [
  { value: "name", label: "By name" },
  { value: "provider", label: "By provider" },
  { value: "-updated_at", label: "Changed last" },
];

/** What of the list is shown. `/` goes to the search, arrow down from there into the list. */
export function Filters({ text, onText, onTextDone, search, onChange, onClear, onDown }: Props) {
  const input = useRef<HTMLInputElement>(null);
  useHotkeys([["/", () => input.current?.focus()]]);
  function onKeyDown(event: KeyboardEvent): void {
    if (event.key === "Escape") onText("");
    if (event.key !== "ArrowDown") return;
    event.preventDefault();
    onDown();
  }
  return (
    <Group gap="xs" role="search" aria-label="Models">
      <TextInput
        ref={input}
        type="search"
        aria-label="Search by name"
        aria-keyshortcuts="/"
        placeholder="Search by name ( / )"
        className={classes.search}
        value={text}
        onChange={(event) => onText(event.currentTarget.value)}
        onBlur={onTextDone}
        onKeyDown={onKeyDown}
      />
      <Choices search={search} onChange={onChange} />
      {(isFiltered(search) || text !== "") && (
        <Button variant="subtle" onClick={onClear}>
          Clear
        </Button>
      )}
    </Group>
  );
}

/** Everything but the text. Rendering these costs more than the rows: not with each letter. */
const Choices = memo(function Choices({ search, onChange }: ChoicesProps) {
  return (
    <>
      <Choice
        label="Origin"
        placeholder="Any origin"
        data={ORIGINS}
        value={search.origin}
        onChange={(value) => onChange({ origin: value as Origin | undefined })}
      />
      <ProviderChoice value={search.provider} onChange={(provider) => onChange({ provider })} />
      <Choice
        label="Connected"
        placeholder="Connected or not"
        data={CONNECTED}
        value={search.connected?.toString()}
        onChange={(value) => onChange({ connected: value === undefined ? undefined : value === "true" })}
      />
      <Select
        aria-label="Order"
        hiddenFrom="sm"
        className={classes.filter}
        allowDeselect={false}
        data={SORTS}
        value={search.sort ?? "name"}
        onChange={(value) => onChange({ sort: value as Sort })}
      />
      <Checkbox
        size="xs"
        label="Hidden ones too"
        checked={search.hidden ?? false}
        onChange={(event) => onChange({ hidden: event.currentTarget.checked || undefined })}
      />
    </>
  );
});

interface ChoiceProps {
  label: string;
  placeholder: string;
  data: (string | { value: string; label: string })[];
  value: string | undefined;
  onChange: (value: string | undefined) => void;
  searchable?: boolean;
}

function Choice({ label, value, onChange, ...props }: ChoiceProps) {
  return (
    <Select
      aria-label={label}
      className={classes.filter}
      clearable
      value={value ?? null}
      onChange={(chosen) => onChange(chosen ?? undefined)}
      {...props}
    />
  );
}

function ProviderChoice({ value, onChange }: Pick<ChoiceProps, "value" | "onChange">) {
  const { data } = useQuery(providers);
  const known = data?.data.map(({ provider }) => provider) ?? [];
  // A provider may be called anything: one that only the address knows can be chosen too.
  const all = value === undefined || known.includes(value) ? known : [value, ...known];
  return (
    <Choice
      label="Provider"
      placeholder="Any provider"
      data={all}
      value={value}
      onChange={onChange}
      searchable
    />
  );
}
