import { Button, Group, Stack, TextInput } from "@mantine/core";
import { type FormEvent, type ReactNode, useState } from "react";
import type { Problem } from "../api/problem";
import { Dialog } from "./dialog";
import { Failure } from "./failure";

interface Props {
  opened: boolean;
  onClose: () => void;
  /** A question that names the thing: "Delete gpt-5?" */
  title: string;
  /** What it does, as a verb: "Delete". */
  action: string;
  onConfirm: () => void;
  busy: boolean;
  problem: Problem | null;
  isDestructive?: boolean;
  /** While it is not known yet what depends on it. */
  isDisabled?: boolean;
  /** A name that has to be typed first, where much is lost. */
  typed?: string;
  /** What depends on it, and whether it can be undone. */
  children: ReactNode;
}

/** Asks before something that others depend on. Enter by itself does nothing to it: the focus is on Cancel. */
export function Confirm({ opened, ...props }: Props) {
  return opened ? (
    <Dialog title={props.title} onClose={props.onClose}>
      <Question {...props} />
    </Dialog>
  ) : null;
}

function Question({ onClose, action, onConfirm, busy, problem, typed, ...props }: Omit<Props, "opened">) {
  const [text, setText] = useState("");

  function submit(event: FormEvent): void {
    event.preventDefault();
    onConfirm();
  }

  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        {props.children}
        {typed !== undefined && (
          <TextInput
            label={`Type ${typed} to go on`}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
            autoComplete="off"
            spellCheck={false}
          />
        )}
        {problem && <Failure problem={problem} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose} data-autofocus>
            Cancel
          </Button>
          <Button
            type="submit"
            color={props.isDestructive ? "red" : undefined}
            loading={busy}
            disabled={props.isDisabled || (typed !== undefined && text !== typed)}
          >
            {action}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
