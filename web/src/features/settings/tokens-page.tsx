import { Button, Group, Text } from "@mantine/core";
import { useQuery, useSuspenseInfiniteQuery, useSuspenseQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { type Token, tokens, useRevokeToken } from "../../api/access";
import { people } from "../../api/members";
import { asProblem } from "../../api/problem";
import { me } from "../../api/queries";
import { managesOrganization, nameOf } from "../../api/roles";
import { Confirm } from "../../ui/confirm";
import { Empty } from "../../ui/empty";
import { Failure } from "../../ui/failure";
import { Page } from "../../ui/page";
import { CreateToken } from "./create-token";
import { TokenTable } from "./token-table";

/** One's own API tokens; an administrator's list has everyone's. */
export function TokensPage() {
  const { data: who } = useSuspenseQuery(me);
  const listed = useSuspenseInfiniteQuery(tokens);
  const shown = listed.data.pages.flatMap((page) => page.data);
  const manages = managesOrganization(who);
  const everyone = useQuery({ ...people, enabled: manages }).data?.data ?? [];
  const owners = manages ? new Map(everyone.map((one) => [one.user_id, nameOf(one)])) : undefined;
  const { for: owner } = useSearch({ from: "/signed-in/settings/tokens" });
  const navigate = useNavigate();
  const [creating, setCreating] = useState(false);
  const [revoking, setRevoking] = useState<Token | null>(null);

  function close(): void {
    setCreating(false);
    if (owner) void navigate({ to: "/settings/tokens", search: {}, replace: true });
  }

  return (
    <Page
      title="API tokens"
      aside={<Text c="dimmed">{listed.data.pages.at(-1)?.total}</Text>}
      actions={<Button onClick={() => setCreating(true)}>New token</Button>}
    >
      <Text c="dimmed" maw="70ch">
        With a token an application calls models, and a person signs in. It never may more than its owner, and
        is shown only once, when it is made.
        {manages && " As an administrator you see everyone's."}
      </Text>
      {shown.length === 0 ? (
        <Empty title="No tokens yet">
          Make one for each application, so that each can be revoked by itself.
        </Empty>
      ) : (
        <TokenTable tokens={shown} owners={owners} onRevoke={setRevoking} />
      )}
      {listed.isFetchNextPageError && (
        <Failure problem={asProblem(listed.error)} title="No further tokens were loaded" />
      )}
      {listed.hasNextPage && (
        <Group>
          <Button
            variant="default"
            loading={listed.isFetchingNextPage}
            onClick={() => listed.fetchNextPage()}
          >
            Further tokens
          </Button>
          <Text c="dimmed">These are the first {shown.length}.</Text>
        </Group>
      )}
      {(creating || owner) && (
        <CreateToken people={everyone} ownerId={owner ?? who.user_id} onClose={close} />
      )}
      {revoking && <RevokeToken token={revoking} onClose={() => setRevoking(null)} />}
    </Page>
  );
}

function RevokeToken({ token, onClose }: { token: Token; onClose: () => void }) {
  const revoke = useRevokeToken();
  return (
    <Confirm
      opened
      title={`Revoke the token ${token.name}?`}
      isDestructive
      action="Revoke token"
      onConfirm={() => revoke.mutate(token.token_id, { onSuccess: onClose })}
      onClose={onClose}
      busy={revoke.isPending}
      problem={revoke.error && asProblem(revoke.error)}
    >
      <Text size="sm">
        {token.prefix}… is dead at once: applications that send it get an error, and sessions that were begun
        with it end. If you signed in with it, you are signed out.
      </Text>
    </Confirm>
  );
}
