import { Button } from "@mantine/core";

interface Props {
  label: string;
  /** Whom or what it is done to: many rows have the same action. */
  to: string;
  onClick: () => void;
}

/** What can be done with a row: there when it is looked for, and quieter than what the row says. */
export function RowAction({ label, to, onClick }: Props) {
  return (
    <Button
      variant="subtle"
      color="gray"
      c="dimmed"
      fw={400}
      size="compact-sm"
      onClick={onClick}
      aria-label={`${label} ${to}`}
    >
      {label}
    </Button>
  );
}
