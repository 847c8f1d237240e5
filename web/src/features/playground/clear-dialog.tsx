import { Text } from "@mantine/core";
import { Confirm } from "../../ui/confirm";

interface Props {
  opened: boolean;
  turns: number;
  onClose: () => void;
  onClear: () => void;
}

/** Asks before a conversation is lost: it is nowhere else. */
export function ClearDialog({ opened, turns, onClose, onClear }: Props) {
  return (
    <Confirm
      opened={opened}
      onClose={onClose}
      title="Clear the conversation?"
      action="Clear"
      onConfirm={onClear}
      busy={false}
      problem={null}
      isDestructive
    >
      <Text size="sm">
        {turns === 1 ? "One question and its answer are" : `${turns} questions and their answers are`}{" "}
        dropped. They are kept nowhere else. The system prompt and the parameters stay.
      </Text>
    </Confirm>
  );
}
