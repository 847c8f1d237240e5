import { Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";

/** Where nothing is: what it means, and the next step. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <Stack align="center" gap="xs" py="xl" ta="center">
      <Text fw={600}>{title}</Text>
      <Text component="div" c="dimmed" size="sm" maw={460}>
        {children}
      </Text>
    </Stack>
  );
}
