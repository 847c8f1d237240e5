import { Modal } from "@mantine/core";
import { type ReactNode, useEffect, useRef } from "react";
import { focusTitle } from "./page";

interface Props {
  title: string;
  onClose: () => void;
  children: ReactNode;
  size?: "sm" | "md" | "lg" | "xl";
}

/** A dialog that is open while it is there. The focus goes back to what opened it, or to the title if that is gone. */
export function Dialog({ title, onClose, children, size = "md" }: Props) {
  const opener = useRef(document.activeElement);
  useEffect(() => {
    const before = opener.current;
    return () => {
      if (before instanceof HTMLElement && before.isConnected && before !== document.body) before.focus();
      else focusTitle();
    };
  }, []);
  return (
    <Modal opened onClose={onClose} title={title} size={size} returnFocus={false}>
      {children}
    </Modal>
  );
}
