import { Button, Group, Modal, Stack } from "@mantine/core";
import { differences } from "../../../api/differences";
import type { Definition } from "../../../api/model-changes";
import { ChangesTable } from "./changes-table";

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
        <ChangesTable changes={changes} />
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
