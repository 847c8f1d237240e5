import { Button, SegmentedControl, Stack, Text, useMantineColorScheme } from "@mantine/core";
import { useSuspenseQuery } from "@tanstack/react-query";
import { memo } from "react";
import { asProblem } from "../api/problem";
import { me } from "../api/queries";
import { nameOf } from "../api/roles";
import { useSignOut } from "./session";
import classes from "./shell.module.css";

const COLOURS = [
  { value: "auto", label: "Auto" },
  { value: "light", label: "Light" },
  { value: "dark", label: "Dark" },
];

/** Who is signed in, as what; the colours; the way out. */
export const Account = memo(function Account() {
  const { data } = useSuspenseQuery(me);
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const signOut = useSignOut();
  return (
    <Stack gap="xs">
      <div className={classes.person}>
        <Text size="sm" fw={600} truncate>
          {nameOf(data)}
        </Text>
        <Text size="xs" c="dimmed" truncate>
          {data.role} · {data.organization.name}
        </Text>
      </div>
      <SegmentedControl
        size="xs"
        fullWidth
        aria-label="Colours"
        data={COLOURS}
        value={colorScheme}
        onChange={(value) => setColorScheme(value as typeof colorScheme)}
      />
      <Button variant="default" onClick={() => signOut.mutate()} loading={signOut.isPending}>
        Sign out
      </Button>
      {signOut.isError && (
        <Text size="xs" c="red" role="alert">
          You are still signed in. {asProblem(signOut.error).message}
        </Text>
      )}
    </Stack>
  );
});
