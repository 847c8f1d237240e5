import { Container } from "@mantine/core";
import type { ReactNode } from "react";
import { CONTENT } from "../ui/page";

/** A screen without the frame: before anybody is signed in, or when the frame itself could not be made. */
export function Bare({ children }: { children: ReactNode }) {
  return (
    <Container component="main" id={CONTENT} tabIndex={-1} size="sm" py="xl">
      {children}
    </Container>
  );
}
