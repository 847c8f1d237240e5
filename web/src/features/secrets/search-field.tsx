import { TextInput } from "@mantine/core";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";

/** Typed text is kept in the address, in the place of what was typed before. */
export function SearchField({ label }: { label: string }) {
  const { q = "" } = useSearch({ from: "/signed-in/w/$workspace/secrets" });
  const navigate = useNavigate({ from: "/w/$workspace/secrets" });
  const [text, setText] = useState(q);

  function change(typed: string): void {
    setText(typed);
    void navigate({ search: (was) => ({ ...was, q: typed || undefined }), replace: true });
  }

  return (
    <TextInput
      type="search"
      aria-label={label}
      placeholder={label}
      value={text}
      onChange={(event) => change(event.currentTarget.value)}
      w={{ base: "100%", xs: 260 }}
    />
  );
}
