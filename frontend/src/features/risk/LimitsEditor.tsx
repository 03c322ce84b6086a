import { type FormEvent, useState } from "react";
import { ApiProblem } from "@/api/problem";
import { usePutLimits } from "@/api/queries/risk";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { FIELD_LOOK, Field } from "@/ui/Field";
import { ProblemNote } from "@/ui/ProblemNote";
import { draftOf, LIMITS, type LimitsDraft, type LimitTerms, limitErrors, limitsOf } from "./limits";
import { limitsOfScope, type ScopeRow } from "./scopes";

type Props = { readonly row: ScopeRow; readonly onClose: () => void };

/** Replaces the limits of one scope; the server's words stand beside the field they are about. */
export function LimitsEditor({ row, onClose }: Props) {
  const [draft, setDraft] = useState<LimitsDraft>(() => draftOf(limitsOfScope(row)));
  const put = usePutLimits();
  const errors = limitErrors(put.error instanceof ApiProblem ? put.error.errors : []);
  const isByField = Object.keys(errors).length > 0;

  function submit(event: FormEvent): void {
    event.preventDefault();
    put.mutate({ scope: row.scope, limits: limitsOf(draft) }, { onSuccess: onClose });
  }

  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={`Limits: ${row.words}`}
      description="What is left empty is not limited by this scope. Saving replaces all limits of the scope, from the next order on."
    >
      <form onSubmit={submit} className="flex flex-col gap-3">
        <div className="grid grid-cols-2 gap-3 max-sm:grid-cols-1">
          {LIMITS.map((terms) => (
            <LimitField
              key={terms.name}
              terms={terms}
              value={draft[terms.name]}
              error={errors[terms.name]}
              onChange={(value) => setDraft({ ...draft, [terms.name]: value })}
            />
          ))}
        </div>
        {isByField ? (
          <p role="alert" className="m-0 text-sm text-danger">
            Not saved: look at the marked fields.
          </p>
        ) : (
          <ProblemNote error={put.error} />
        )}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Go back</Button>
          <Button type="submit" look="accent" needs="admin" disabled={put.isPending}>
            {put.isPending ? "Saving" : "Save limits"}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

type FieldProps = {
  readonly terms: LimitTerms;
  readonly value: string | boolean;
  readonly error: string | undefined;
  readonly onChange: (value: string | boolean) => void;
};

function LimitField({ terms, value, error, onChange }: FieldProps) {
  if (typeof value === "boolean")
    return (
      <label className="flex min-h-8 items-center gap-2 text-sm max-md:min-h-11">
        <input type="checkbox" checked={value} onChange={(event) => onChange(event.target.checked)} />
        <span>
          {terms.word}
          <span className="block text-xs text-muted">{terms.hint}</span>
        </span>
      </label>
    );
  return (
    <Field label={terms.word} hint={terms.hint} error={error}>
      {({ id, describedBy }) => (
        <input
          id={id}
          aria-describedby={describedBy}
          aria-invalid={error !== undefined}
          inputMode="decimal"
          placeholder="no limit"
          value={value}
          onChange={(event) => onChange(event.target.value)}
          className={`num ${error === undefined ? "border-line" : "border-danger"} ${FIELD_LOOK}`}
        />
      )}
    </Field>
  );
}
