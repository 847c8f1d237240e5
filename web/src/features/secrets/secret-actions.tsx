import { Button } from "@mantine/core";
import type { Secret } from "../../api/secrets";
import type { Doing } from "./secret-dialog";

interface Props {
  secret: Secret;
  onDo: (doing: Doing) => void;
  /** What giving it a new value is called here, and what taking it away is. */
  words: readonly [string, string];
}

/** What can be done with a secret. */
export function SecretActions({ secret, onDo, words: [replace, remove] }: Props) {
  return (
    <>
      <Button
        size="compact-xs"
        variant="default"
        onClick={() => onDo({ kind: "replace", secret })}
        aria-label={`${replace} ${secret.name}`}
      >
        {replace}
      </Button>{" "}
      <Button
        size="compact-xs"
        variant="subtle"
        color="red"
        onClick={() => onDo({ kind: "delete", secret })}
        aria-label={`${remove} ${secret.name}`}
      >
        {remove}
      </Button>
    </>
  );
}
