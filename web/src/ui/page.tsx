import { Group, Stack, Title } from "@mantine/core";
import { type ReactNode, useEffect, useLayoutEffect, useRef } from "react";

/** Where the screens stand; the frame gives it the focus while a screen is on its way. */
export const CONTENT = "content";

/** The focus goes to the screen's title, for who reads by ear or by keyboard; to its place while it has none yet. */
export function focusTitle(): void {
  const content = document.getElementById(CONTENT);
  const title = content?.querySelector<HTMLElement>("h1") ?? content;
  title?.focus({ preventScroll: true });
}

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
  useDocumentTitle(title);
  const heading = useTitleFocus();
  return (
    <Stack gap="md">
      <Group justify="space-between" align="center" mih={36} gap="sm">
        <Group gap="sm" align="baseline" wrap="wrap">
          <Title order={1} ref={heading} tabIndex={-1}>
            {title}
          </Title>
          {aside}
        </Group>
        {actions && <Group gap="xs">{actions}</Group>}
      </Group>
      {children}
    </Stack>
  );
}

/** A title takes the focus that waits for one, and leaves it to the next when its screen gives way to what was loaded. */
function useTitleFocus() {
  const heading = useRef<HTMLHeadingElement>(null);
  useLayoutEffect(() => {
    const title = heading.current;
    if (document.activeElement?.id === CONTENT) title?.focus({ preventScroll: true });
    return () => {
      if (title === document.activeElement) document.getElementById(CONTENT)?.focus({ preventScroll: true });
    };
  }, []);
  return heading;
}

/** What the window is called. */
export function useDocumentTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · haymow`;
  }, [title]);
}
