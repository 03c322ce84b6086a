import type { ReactNode } from "react";
import { FIELD_LOOK, Field } from "./Field";

type Props = {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly error?: string | undefined;
  readonly hint?: ReactNode;
  readonly children: ReactNode;
};

/** A labelled choice from a list; its options are the children. */
export function SelectField({ label, value, onChange, error, hint, children }: Props) {
  return (
    <Field label={label} error={error} hint={hint}>
      {({ id, describedBy }) => (
        <select
          id={id}
          value={value}
          aria-describedby={describedBy}
          aria-invalid={error !== undefined}
          onChange={(event) => onChange(event.target.value)}
          className={`${FIELD_LOOK} ${error === undefined ? "border-line" : "border-danger"}`}
        >
          {children}
        </select>
      )}
    </Field>
  );
}
