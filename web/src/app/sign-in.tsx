import { Button, Container, PasswordInput, Stack, Text, Title } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { asProblem, type Problem } from "../api/problem";
import { Failure } from "../ui/failure";
import { useSignIn } from "./session";

/** Sign-in with an API token, or with the code that a sign-in link has behind its `#`, which no server logs. */
export function SignIn() {
  const [token, setToken] = useState("");
  const [failure, setFailure] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const signIn = useSignIn();
  const navigate = useNavigate();
  const { next } = useSearch({ from: "/sign-in" });
  const linked = useRef(false);

  async function enter(proof: { token: string } | { code: string }): Promise<void> {
    setBusy(true);
    try {
      await signIn(proof);
      await navigate({ href: next ?? "/", replace: true });
    } catch (error) {
      setFailure(asProblem(error));
      setBusy(false);
    }
  }

  // biome-ignore lint/correctness/useExhaustiveDependencies: a link signs in once, when the page opens
  useEffect(() => {
    const code = window.location.hash.slice(1);
    if (!code || linked.current) return;
    linked.current = true;
    window.history.replaceState(null, "", window.location.pathname + window.location.search);
    void enter({ code });
  }, []);

  function submit(event: FormEvent): void {
    event.preventDefault();
    void enter({ token: token.trim() });
  }

  return (
    <Container size={380} py="10vh" component="main">
      <form onSubmit={submit}>
        <Stack>
          <Title order={1}>haymow</Title>
          <Text c="dimmed" size="sm">
            Sign in with an API token. haymow's first start printed one; `haymow admin token` makes another,
            and a link that signs in without one.
          </Text>
          {failure && <Failure problem={failure} />}
          <PasswordInput
            label="API token"
            value={token}
            onChange={(event) => setToken(event.currentTarget.value)}
            autoComplete="current-password"
            required
            data-autofocus
          />
          <Button type="submit" loading={busy} size="sm">
            Sign in
          </Button>
        </Stack>
      </form>
    </Container>
  );
}
