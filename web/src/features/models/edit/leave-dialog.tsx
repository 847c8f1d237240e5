import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useBlocker } from "@tanstack/react-router";

interface Props {
  isChanged: boolean;
  /** Whether what was typed is safe with the server: then nobody is asked. */
  isSaved: () => boolean;
  onLeave: () => void;
}

/** Asks before unsaved changes are left behind. Signing in again is no leaving: the draft waits in this tab. */
export function LeaveDialog({ isChanged, isSaved, onLeave }: Props) {
  const { status, proceed, reset } = useBlocker({
    shouldBlockFn: ({ current, next }) =>
      isChanged && !isSaved() && next.pathname !== current.pathname && next.pathname !== "/sign-in",
    enableBeforeUnload: () => isChanged && !isSaved(),
    withResolver: true,
  });
  if (status !== "blocked") return null;
  return (
    <Modal opened onClose={reset} title="Leave without saving?">
      <Stack gap="md">
        <Text size="sm">What you changed here would be lost.</Text>
        <Group justify="flex-end" gap="xs">
          <Button
            color="red"
            variant="light"
            onClick={() => {
              onLeave();
              proceed();
            }}
          >
            Leave and lose it
          </Button>
          <Button onClick={reset} data-autofocus>
            Stay
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
