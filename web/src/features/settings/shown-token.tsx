import { Button, Group, Stack, Text } from "@mantine/core";
import { useState } from "react";
import { CopyBlock } from "../../ui/copy-block";
import { Dialog } from "../../ui/dialog";

interface Props {
  token: string;
  name: string;
  onClose: () => void;
}

/** A new token, this once. Who closes without having copied it is asked. */
export function ShownToken({ token, name, onClose }: Props) {
  const [copied, setCopied] = useState(false);
  const [asked, setAsked] = useState(false);
  const close = (): void => (copied ? onClose() : setAsked(true));
  return (
    <Dialog title={`The token ${name}`} onClose={close} size="lg">
      <Stack>
        <Text size="sm">
          Copy it now and keep it where secrets are kept. <strong>It is never shown again</strong>: haymow
          stores only a digest of it.
        </Text>
        <CopyBlock code={token} label="the token" onCopied={() => setCopied(true)} />
        {asked && !copied ? (
          <CloseUncopied onStay={() => setAsked(false)} onClose={onClose} />
        ) : (
          <Group justify="flex-end">
            <Button variant={copied ? "filled" : "default"} onClick={close}>
              Done
            </Button>
          </Group>
        )}
      </Stack>
    </Dialog>
  );
}

function CloseUncopied({ onStay, onClose }: { onStay: () => void; onClose: () => void }) {
  return (
    <Stack gap="xs" role="alert">
      <Text size="sm" fw={600}>
        You have not copied the token. Without it you will have to make another one.
      </Text>
      <Group justify="flex-end" gap="xs">
        <Button variant="default" onClick={onClose}>
          Close without it
        </Button>
        <Button onClick={onStay} autoFocus>
          Go back
        </Button>
      </Group>
    </Stack>
  );
}
