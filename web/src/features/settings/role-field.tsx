import { Radio, Stack } from "@mantine/core";
import { ROLES, type Role } from "../../api/roles";

interface Props {
  label: string;
  value: Role;
  onChange: (role: Role) => void;
  /** What each role may do, in words. */
  words: Record<Role, string>;
  roles?: readonly Role[];
  error?: string;
}

/** A role, chosen by what it may do. */
export function RoleField({ label, value, onChange, words, roles = ROLES, error }: Props) {
  return (
    <Radio.Group
      label={label}
      value={value}
      onChange={(role) => onChange(role as Role)}
      error={error}
      size="xs"
    >
      <Stack gap="xs" mt={6}>
        {roles.map((role) => (
          <Radio key={role} value={role} label={role} description={words[role]} size="xs" />
        ))}
      </Stack>
    </Radio.Group>
  );
}
