import { Button, Code, Loader, PasswordInput, Stack, Text, Title } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type FormEvent, useCallback, useEffect, useRef, useState } from "react";
import { asProblem, type Problem } from "../api/problem";
import { me } from "../api/queries";
import { Failure } from "../ui/failure";
import { useDocumentTitle } from "../ui/page";
import { Bare } from "./bare";
import { ownPath } from "./own-path";
import { useSignIn } from "./session";
import classes from "./sign-in.module.css";

/** Sign-in with an API token, or with the code that a sign-in link has behind its `#`, which no server logs. */
export function SignIn() {
  useDocumentTitle("Sign in");
  const [code, setCode] = useState(codeInAddress);
  const [refused, setRefused] = useState<Problem | null>(null);
  useEffect(() => {
    // Another link that is opened here changes nothing but what is behind the `#`: no new document begins.
    function begin(): void {
      setRefused(null);
      setCode(codeInAddress());
    }
    window.addEventListener("hashchange", begin);
    return () => window.removeEventListener("hashchange", begin);
  }, []);
  return (
    <Bare>
      <Stack className={classes.panel}>
        <Title order={1}>haymow</Title>
        {code && !refused ? (
          <LinkSignIn key={code} code={code} onRefused={setRefused} />
        ) : (
          <>
            {refused && <Failure title="The link did not sign you in" problem={refused} />}
            <TokenForm />
          </>
        )}
      </Stack>
    </Bare>
  );
}

function codeInAddress(): string {
  return window.location.hash.slice(1);
}

function LinkSignIn({ code, onRefused }: { code: string; onRefused: (problem: Problem) => void }) {
  const enter = useEnter();
  const begun = useRef(false);
  useEffect(() => {
    // Once, however often it is drawn: the second use of a link would be refused.
    if (begun.current) return;
    begun.current = true;
    window.history.replaceState(window.history.state, "", window.location.pathname + window.location.search);
    enter({ code }).catch((error) => onRefused(asProblem(error)));
  }, [code, enter, onRefused]);
  return (
    <Text role="status">
      <Loader size={12} mr="xs" aria-hidden />
      Signing in by the link…
    </Text>
  );
}

function TokenForm() {
  const [token, setToken] = useState("");
  const [failure, setFailure] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const enter = useEnter();
  const unknown = failure?.status === 401;

  async function submit(event: FormEvent): Promise<void> {
    event.preventDefault();
    setBusy(true);
    setFailure(null);
    try {
      await enter({ token: token.trim() });
    } catch (error) {
      setFailure(asProblem(error));
      setBusy(false);
      field.current?.focus();
    }
  }

  return (
    <form onSubmit={submit}>
      <Stack gap="sm">
        <SessionEnded />
        {failure && !unknown && <Failure title="You are not signed in" problem={failure} />}
        <PasswordInput
          ref={field}
          label="API token"
          size="sm"
          value={token}
          onChange={(event) => setToken(event.currentTarget.value)}
          error={unknown ? wordsOf(failure) : null}
          autoComplete="current-password"
          required
          withAsterisk={false}
          autoFocus
        />
        <Button type="submit" loading={busy} size="sm">
          Sign in
        </Button>
        <Text size="xs" c="dimmed">
          haymow's first start printed a token and a link that signs in. On its machine{" "}
          <Code>haymow admin link</Code> makes another link, <Code>haymow admin token</Code> another token; an
          administrator makes tokens for others under API tokens.
        </Text>
      </Stack>
    </form>
  );
}

/** Said to who was signed in until now. */
function SessionEnded() {
  const queries = useQueryClient();
  if (queries.getQueryData(me.queryKey) === undefined) return null;
  return (
    <Text size="sm" role="status">
      Your session has ended. Sign in again to go on where you were.
    </Text>
  );
}

function useEnter() {
  const signIn = useSignIn();
  const navigate = useNavigate();
  const { next } = useSearch({ from: "/sign-in" });
  return useCallback(
    async (proof: { token: string } | { code: string }): Promise<void> => {
      await signIn(proof);
      // Only to an address of this page: a link must not lead elsewhere by way of the sign-in.
      await navigate({ href: ownPath(next, window.location.origin) ?? "/", replace: true });
    },
    [signIn, navigate, next],
  );
}

function wordsOf(problem: Problem): string {
  if (problem.code === "token_expired") return "This token has expired. Use another one.";
  return "haymow knows no such token. It may have been revoked, or a part of it was not copied.";
}
