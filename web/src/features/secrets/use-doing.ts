import { useNavigate, useSearch } from "@tanstack/react-router";
import { useRef, useState } from "react";
import type { Secret } from "../../api/secrets";
import type { Doing } from "./secret-dialog";

/**
 * What is being done to a secret. An address with `add` begins with that: whoever was sent here to enter a secret that
 * is there already has to give it another value.
 */
export function useDoing(secrets: readonly Secret[], mayChange: boolean) {
  const { add } = useSearch({ from: "/signed-in/w/$workspace/secrets" });
  const navigate = useNavigate({ from: "/w/$workspace/secrets" });
  const [chosen, setChosen] = useState<Doing | null>(null);
  const [said, setSaid] = useState("");
  const status = useRef<HTMLParagraphElement>(null);

  function close(done?: string): void {
    setChosen(null);
    setSaid(done ?? "");
    // What opened the dialog is gone with a secret that was deleted, so the focus goes where that is said.
    if (done && chosen?.kind === "delete") status.current?.focus();
    if (add !== undefined) void navigate({ search: ({ add: _, ...rest }) => rest, replace: true });
  }

  const asked = add !== undefined && mayChange ? askedFor(add, secrets) : null;
  return { doing: chosen ?? asked, start: setChosen, close, said, status };
}

function askedFor(name: string, secrets: readonly Secret[]): Doing {
  const secret = secrets.find((one) => one.name === name);
  return secret ? { kind: "replace", secret } : { kind: "add", names: [name] };
}
