import { Stack, Text, Title } from "@mantine/core";
import { type ReactNode, useId } from "react";

interface Props {
  title: string;
  lead?: ReactNode;
  /** For a table; lines of text and fields are better not as wide as the window. */
  isWide?: boolean;
  children: ReactNode;
}

/** A part of the form under its heading. */
export function Section({ title, children, lead, isWide }: Props) {
  const id = useId();
  return (
    <Stack component="section" gap="sm" aria-labelledby={id} maw={isWide ? 1080 : 640}>
      <div>
        <Title order={2} id={id}>
          {title}
        </Title>
        {lead && (
          <Text size="xs" c="dimmed">
            {lead}
          </Text>
        )}
      </div>
      {children}
    </Stack>
  );
}
