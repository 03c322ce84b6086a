import type { ReactNode } from "react";
import { FIELD_LOOK, Field } from "./Field";

type Props = {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly error?: string | undefined;
  readonly hint?: ReactNode;
  readonly placeholder?: string;
};

/** A labelled line of text. */
export function TextField({ label, value, onChange, error, hint, placeholder }: Props) {
  return (
    <Field label={label} error={error} hint={hint}>
      {({ id, describedBy }) => (
        <input
          id={id}
          value={value}
          placeholder={placeholder}
          autoComplete="off"
          spellCheck={false}
          aria-describedby={describedBy}
          aria-invalid={error !== undefined}
          onChange={(event) => onChange(event.target.value)}
          className={`${FIELD_LOOK} ${error === undefined ? "border-line" : "border-danger"}`}
        />
      )}
    </Field>
  );
}
