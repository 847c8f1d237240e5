import { Button, Group, Modal, Stack, Text } from "@mantine/core";

interface Props {
  opened: boolean;
  turns: number;
  onClose: () => void;
  onClear: () => void;
}

/** Asks before a conversation is lost: it is nowhere else. */
export function ClearDialog({ opened, turns, onClose, onClear }: Props) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title="Clear the conversation?"
      size="sm"
      closeButtonProps={{ "aria-label": "Close" }}
    >
      <Stack gap="md">
        <Text size="sm">
          {turns === 1 ? "One question and its answer are" : `${turns} questions and their answers are`}{" "}
          dropped. They are kept nowhere else. The system prompt and the parameters stay.
        </Text>
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose} data-autofocus>
            Cancel
          </Button>
          <Button color="red.8" onClick={onClear}>
            Clear
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
