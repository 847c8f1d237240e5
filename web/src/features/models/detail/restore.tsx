import { Button, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useMayChange } from "../../../api/members";
import { type Revision, restoreRevision, type Seen } from "../../../api/models";
import { asProblem } from "../../../api/problem";
import { Confirm } from "../../../ui/confirm";

/** Makes a revision the newest again, for who may change the model. */
export function Restore({ seen, revision }: { seen: Seen; revision: Revision }) {
  const [opened, { open, close }] = useDisclosure();
  const mayChange = useMayChange(seen.workspaceId, seen.origin);
  const restoring = useRestoring(seen, revision, close);
  const isLate = restoring.error !== null && asProblem(restoring.error).status === 412;
  if (!mayChange) return null;
  return (
    <>
      <Button
        variant="light"
        onClick={() => {
          restoring.reset();
          open();
        }}
      >
        Restore
      </Button>
      <Confirm
        opened={opened}
        onClose={close}
        title={`Restore revision ${revision.revision} of ${revision.name}?`}
        action="Restore"
        onConfirm={() => restoring.mutate()}
        busy={restoring.isPending}
        problem={restoring.error ? asProblem(restoring.error) : null}
      >
        <Text size="sm">
          {isLate && "Their change is in the list now; restoring puts this one after it. "}
          It becomes the newest revision, and what is called from then on. Nothing is lost: the revisions
          after it stay.
        </Text>
      </Confirm>
    </>
  );
}

function useRestoring(seen: Seen, { revision }: Revision, onDone: () => void) {
  const queries = useQueryClient();
  const navigate = useNavigate({ from: "/w/$workspace/models/$modelId" });
  const invalidate = () => queries.invalidateQueries({ queryKey: ["models"] });
  return useMutation({
    mutationFn: () => restoreRevision(seen, revision),
    onSuccess: async () => {
      await invalidate();
      onDone();
      await navigate({ search: { tab: "revisions" }, resetScroll: false });
    },
    onError: (error) => {
      // Somebody else was first: show what they did, and restore with the new ETag when asked again.
      if (asProblem(error).status === 412) void invalidate();
    },
  });
}
