import { useMutation } from "@tanstack/react-query";
import { type RefObject, useState } from "react";
import { asProblem, type Fault, type Problem } from "../../api/problem";
import {
  createSecret,
  replaceSecret,
  type Secret,
  type SecretScope,
  useSecretsChanged,
} from "../../api/secrets";
import { useWorkspace } from "../../ui/workspace";
import { faultsOf } from "./entering";

interface Entering {
  send: (name: string, hosts: string[] | null) => void;
  busy: boolean;
  faults: readonly Fault[];
  /** What was refused without a field that it could stand beside. */
  problem: Problem | null;
  wasSent: boolean;
}

/**
 * Sends a value that stands in `field`, and nowhere else: no state of the page ever holds it, and the field is empty
 * as soon as it is on its way. `replaced` gets it as its new one; without it, a secret is made.
 */
export function useEntering(
  scope: SecretScope,
  replaced: Secret | null,
  field: RefObject<HTMLInputElement | null>,
  onDone: (secret: Secret) => void,
): Entering {
  const [found, setFound] = useState<readonly Fault[]>([]);
  const changed = useSecretsChanged(useWorkspace().workspace_id);
  const sending = useMutation({
    mutationFn: ({ name, hosts }: { name: string; hosts: string[] | null }) => {
      const entered = { secret: taken(field), hosts };
      return replaced
        ? replaceSecret(scope, replaced.secret_id, entered)
        : createSecret(scope, name, entered);
    },
    onSuccess: (secret) => {
      changed();
      onDone(secret);
    },
    onError: () => field.current?.focus(),
  });

  function send(name: string, hosts: string[] | null): void {
    const wrong = faultsOf(name, field.current?.value ?? "");
    setFound(wrong);
    sending.reset();
    if (wrong.length === 0) sending.mutate({ name, hosts });
  }

  const refused = sending.error ? asProblem(sending.error) : null;
  const faults = refused ? faultsIn(refused) : found;
  const problem = faults.length > 0 ? null : refused;
  return { send, busy: sending.isPending, faults, problem, wasSent: refused !== null };
}

function taken(field: RefObject<HTMLInputElement | null>): string {
  if (!field.current) return "";
  const { value } = field.current;
  field.current.value = "";
  return value;
}

/** A name that is taken is the name's fault, although no pointer says so. */
function faultsIn(problem: Problem): readonly Fault[] {
  if (problem.status !== 409) return problem.faults;
  return [{ pointer: "#/name", code: problem.code, message: problem.message }];
}
