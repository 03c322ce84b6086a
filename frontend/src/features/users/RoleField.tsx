import { ROLES, type Role } from "@/api/queries/users";
import { SelectField } from "@/ui/SelectField";

const MEANINGS: Readonly<Record<Role, string>> = {
  viewer: "sees everything that is not secret, changes nothing",
  trader: "trades, halts, runs strategies and backtests",
  admin: "does everything: brokers, limits, real money, people",
};

type Props = {
  readonly role: Role;
  readonly error: string | undefined;
  readonly onChange: (role: Role) => void;
};

export function RoleField({ role, error, onChange }: Props) {
  return (
    <SelectField
      label="Role"
      value={role}
      error={error}
      hint={MEANINGS[role]}
      onChange={(chosen) => onChange(chosen as Role)}
    >
      {ROLES.map((each) => (
        <option key={each}>{each}</option>
      ))}
    </SelectField>
  );
}
