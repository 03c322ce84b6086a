import { FIELD_LOOK, Field } from "./Field";

type Props = {
  readonly label: string;
  /** What the browser may fill in: `current-password`, `new-password`, or `off`. */
  readonly autoComplete: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly error?: string | undefined;
  readonly hint?: string;
};

/** A labelled line that is not shown while it is typed. */
export function SecretField({ label, autoComplete, value, onChange, error, hint }: Props) {
  return (
    <Field label={label} error={error} hint={hint}>
      {({ id, describedBy }) => (
        <input
          id={id}
          type="password"
          autoComplete={autoComplete}
          value={value}
          aria-describedby={describedBy}
          aria-invalid={error !== undefined}
          onChange={(event) => onChange(event.target.value)}
          className={`font-mono ${FIELD_LOOK} ${error === undefined ? "border-line" : "border-danger"}`}
        />
      )}
    </Field>
  );
}
