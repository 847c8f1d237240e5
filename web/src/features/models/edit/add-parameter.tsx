import { Button, Group, TextInput } from "@mantine/core";
import { type KeyboardEvent, useState } from "react";

/** A name for one more parameter. */
export function AddParameter({ taken, onAdd }: { taken: string[]; onAdd: (name: string) => void }) {
  const [name, setName] = useState("");
  const isTaken = taken.includes(name.trim());
  function add(): void {
    if (name.trim() === "" || isTaken) return;
    onAdd(name.trim());
    setName("");
  }
  function onKeyDown(event: KeyboardEvent): void {
    if (event.key !== "Enter") return;
    event.preventDefault();
    add();
  }
  return (
    <Group gap="xs" align="flex-start" wrap="nowrap">
      <TextInput
        aria-label="Name of another parameter"
        placeholder="another_name"
        value={name}
        error={isTaken ? "There is one of this name." : undefined}
        onChange={(event) => setName(event.currentTarget.value)}
        onKeyDown={onKeyDown}
        spellCheck={false}
      />
      <Button variant="default" onClick={add} disabled={name.trim() === "" || isTaken}>
        Add
      </Button>
    </Group>
  );
}
