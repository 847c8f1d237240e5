import { Group, Stack, Title } from "@mantine/core";
import { type ReactNode, useEffect } from "react";

interface Props {
  title: string;
  /** Beside the title: what it is, in a word or two. */
  aside?: ReactNode;
  /** The next steps, the most likely one last and filled. */
  actions?: ReactNode;
  children: ReactNode;
}

/** A screen: its title, which is the window's too, its actions, its content. */
export function Page({ title, aside, actions, children }: Props) {
  useEffect(() => {
    document.title = `${title} · haymow`;
  }, [title]);
  return (
    <Stack gap="md">
      <Group justify="space-between" align="center" mih={36} gap="sm">
        <Group gap="sm" align="baseline" wrap="wrap">
          <Title order={1}>{title}</Title>
          {aside}
        </Group>
        {actions && <Group gap="xs">{actions}</Group>}
      </Group>
      {children}
    </Stack>
  );
}
