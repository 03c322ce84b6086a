import { FIELD_LOOK, Field } from "./Field";

type Props = {
  readonly label: string;
  /** `2026-11-23T04:00`, or empty. The label says which clock it is. */
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly error?: string | undefined;
  readonly hint?: string;
};

/** A date with a time. */
export function DateTimeField({ label, value, onChange, error, hint }: Props) {
  return (
    <Field label={label} error={error} hint={hint}>
      {({ id, describedBy }) => (
        <input
          id={id}
          type="datetime-local"
          value={value}
          aria-describedby={describedBy}
          aria-invalid={error !== undefined}
          onChange={(event) => onChange(event.target.value)}
          className={`${FIELD_LOOK} ${error === undefined ? "border-line" : "border-danger"}`}
        />
      )}
    </Field>
  );
}
