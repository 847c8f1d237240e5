import { Button, Group, Stack, TextInput } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { useCreateWorkspace } from "../../api/access";
import { asProblem, faultAt, notBeside } from "../../api/problem";
import { Dialog } from "../../ui/dialog";
import { Failure } from "../../ui/failure";

/** Makes a workspace and opens it. */
export function CreateWorkspace({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const create = useCreateWorkspace();
  const navigate = useNavigate();
  const problem = create.error && asProblem(create.error);
  const taken = problem?.status === 409 ? problem.message : undefined;
  const apart = taken ? null : notBeside(problem, ["#/name"]);

  function submit(event: FormEvent): void {
    event.preventDefault();
    create.mutate(name.trim(), {
      onSuccess: (made) => navigate({ to: "/w/$workspace/models", params: { workspace: made.name } }),
    });
  }

  return (
    <Dialog title="New workspace" onClose={onClose}>
      <form onSubmit={submit}>
        <Stack>
          <TextInput
            label="Name"
            description="Shown to its members and part of addresses: such as research, or support bot."
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            error={taken ?? faultAt(problem, "#/name")}
            required
            data-autofocus
          />
          {apart && <Failure title="The workspace was not made" problem={apart} />}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={create.isPending}>
              Create workspace
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
