import { Button, Group, Modal, Stack } from "@mantine/core";
import type { ReactNode } from "react";
import type { Problem } from "../api/problem";
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
  /** What depends on it, and whether it can be undone. */
  children: ReactNode;
}

/** Asks before something that others depend on. Enter by itself does nothing to it: the focus is on Cancel. */
export function Confirm({ opened, onClose, title, action, onConfirm, busy, problem, ...props }: Props) {
  return (
    <Modal opened={opened} onClose={onClose} title={title} closeButtonProps={{ "aria-label": "Close" }}>
      <Stack gap="sm">
        {props.children}
        {problem && <Failure problem={problem} />}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose} data-autofocus>
            Cancel
          </Button>
          <Button color={props.isDestructive ? "red.8" : undefined} onClick={onConfirm} loading={busy}>
            {action}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
