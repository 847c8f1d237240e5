import { type ComboboxData, Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import classes from "./playground.module.css";
import { unconnected } from "./queries";

interface Props {
  label: string;
  workspaceId: string;
  names: string[] | undefined;
  value: string | undefined;
  onChange: (name: string) => void;
}

/** More names than this are found by typing. */
const MOST_SHOWN = 200;

/** A model to chat with; those that cannot answer now come last. */
export function ModelPicker({ label, workspaceId, names, value, onChange }: Props) {
  const { data: idle } = useQuery(unconnected(workspaceId));
  const data = useMemo(() => choices(names ?? [], idle ?? [], value), [names, idle, value]);
  return (
    <Select
      className={classes.grow}
      aria-label={label}
      placeholder={names ? "Pick a model" : "Loading the models"}
      data={data}
      value={value ?? null}
      onChange={(name) => name !== null && onChange(name)}
      allowDeselect={false}
      searchable
      selectFirstOptionOnChange
      limit={MOST_SHOWN}
      nothingFoundMessage="No model has this in its name"
    />
  );
}

/** The names in their order. One that the address brought and the list does not have is shown all the same. */
function choices(names: string[], idle: string[], value: string | undefined): ComboboxData {
  const last = new Set(idle);
  const all = value === undefined || names.includes(value) ? names : [value, ...names];
  const ready = all.filter((name) => !last.has(name));
  const rest = all.filter((name) => last.has(name));
  if (rest.length === 0) return ready;
  return [
    { group: "Connected, or never tried", items: ready },
    { group: "Not connected", items: rest },
  ];
}
