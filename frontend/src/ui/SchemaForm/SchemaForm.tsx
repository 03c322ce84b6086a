import { Field } from "@/ui/Field";
import { NumberField } from "@/ui/NumberField";
import { SelectField } from "@/ui/SelectField";
import { TextField } from "@/ui/TextField";
import { arrowStep, type Draft, type Errors, type FieldTerms, hintOf } from "./schema";

type Props = {
  readonly fields: readonly FieldTerms[];
  readonly draft: Draft;
  readonly errors: Errors;
  readonly onChange: (draft: Draft) => void;
};

/** One labelled field for every property of a JSON schema. */
export function SchemaForm({ fields, draft, errors, onChange }: Props) {
  if (fields.length === 0) return <p className="m-0 text-sm text-muted">It has no parameters.</p>;
  return (
    <div className="grid grid-cols-2 gap-2 max-sm:grid-cols-1">
      {fields.map((terms) => (
        <SchemaField
          key={terms.name}
          terms={terms}
          typed={draft[terms.name] ?? ""}
          error={errors[terms.name]}
          onChange={(typed) => onChange({ ...draft, [terms.name]: typed })}
        />
      ))}
    </div>
  );
}

type FieldProps = {
  readonly terms: FieldTerms;
  readonly typed: string | boolean;
  readonly error: string | undefined;
  readonly onChange: (typed: string | boolean) => void;
};

function SchemaField({ terms, typed, error, onChange }: FieldProps) {
  const hint = hintOf(terms);
  switch (terms.kind) {
    case "integer":
    case "number":
      return (
        <NumberField
          label={terms.name}
          value={String(typed)}
          step={arrowStep(terms)}
          error={error}
          hint={typed === "" && terms.fallback !== null ? `empty: ${terms.fallback}` : hint}
          onChange={onChange}
        />
      );
    case "boolean":
      return (
        <Field label={terms.name} error={error} hint={hint}>
          {({ id, describedBy }) => (
            <input
              id={id}
              type="checkbox"
              checked={typed === true}
              aria-describedby={describedBy}
              onChange={(event) => onChange(event.target.checked)}
              className="my-1.5 size-5 max-md:size-7"
            />
          )}
        </Field>
      );
    case "choice":
      return (
        <SelectField label={terms.name} value={String(typed)} error={error} hint={hint} onChange={onChange}>
          {terms.choices.map((choice) => (
            <option key={String(choice)}>{String(choice)}</option>
          ))}
        </SelectField>
      );
    case "text":
      return (
        <TextField label={terms.name} value={String(typed)} error={error} hint={hint} onChange={onChange} />
      );
    case "unsupported":
      return (
        <p className="m-0 text-sm text-muted">
          <b>{terms.name}</b> cannot be set on this screen: its default is used.
        </p>
      );
  }
}
