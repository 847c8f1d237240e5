import { Group, NativeSelect, TextInput } from "@mantine/core";
import { dayOf, EXPIRIES, type Expiry, faultOf } from "./expiry";

interface Props {
  value: Expiry;
  onChange: (expiry: Expiry) => void;
  error?: string;
}

/** How long a token works: a usual time, or until a date. */
export function ExpiryField({ value, onChange, error }: Props) {
  const now = new Date();
  const chosen = value.kind === "days" ? String(value.days) : value.kind;

  function choose(picked: string): void {
    const found = EXPIRIES.find((one) => one.value === picked);
    if (found) onChange(found.expiry.kind === "date" ? { kind: "date", date: dayOf(now) } : found.expiry);
  }

  return (
    <Group align="flex-start" grow>
      <NativeSelect
        label="Works for"
        data={EXPIRIES.map(({ value: key, label }) => ({ value: key, label }))}
        value={chosen}
        onChange={(event) => choose(event.currentTarget.value)}
        error={value.kind === "date" ? undefined : error}
      />
      {value.kind === "date" && (
        <TextInput
          type="date"
          label="Last day"
          min={dayOf(now)}
          value={value.date}
          onChange={(event) => onChange({ kind: "date", date: event.currentTarget.value })}
          error={error ?? faultOf(value, now)}
          required
        />
      )}
    </Group>
  );
}
