import { Box, Button, Group, Modal, Stack } from "@mantine/core";
import type { Definition } from "../../../api/definition";
import { differences } from "../../../api/differences";
import { DifferenceList } from "../../../ui/difference-list";
import classes from "./changes.module.css";

interface Props {
  opened: boolean;
  from: Definition;
  to: Definition;
  isBusy: boolean;
  returnFocus: boolean;
  onSave: () => void;
  onClose: () => void;
}

/** What will change, before it does. */
export function SaveDialog({ opened, from, to, isBusy, returnFocus, onSave, onClose }: Props) {
  const changes = opened ? differences(from, to) : [];
  const count = changes.length === 1 ? "1 change" : `${changes.length} changes`;
  return (
    <Modal
      returnFocus={returnFocus}
      opened={opened}
      onClose={onClose}
      title={`Save ${count} to ${from.name}?`}
      size="lg"
    >
      <Stack gap="md">
        <Box className={classes.scroll} tabIndex={0} role="region" aria-label="What will change">
          <DifferenceList found={changes} before="Now" after="Then" />
        </Box>
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Keep editing
          </Button>
          <Button onClick={onSave} loading={isBusy} data-autofocus>
            Save
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
