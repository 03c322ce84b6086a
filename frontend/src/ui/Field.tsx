import { type ReactNode, useId } from "react";

type Props = {
  readonly label: string;
  /** Why the value cannot be sent, beside the field. */
  readonly error?: string | undefined;
  readonly hint?: ReactNode;
  readonly className?: string;
  /** A fixed id, where something else must find the input. */
  readonly inputId?: string | undefined;
  readonly children: (ids: { readonly id: string; readonly describedBy: string | undefined }) => ReactNode;
};

export const FIELD_LOOK =
  "min-h-8 w-full min-w-0 text-ellipsis rounded-sm border bg-raised px-2 py-1 text-sm text-ink max-md:min-h-11 disabled:opacity-45";

/** A labelled input with its error or hint beneath; both are read out with it. */
export function Field({ label, error, hint, className = "", inputId, children }: Props) {
  const ownId = useId();
  const id = inputId ?? ownId;
  const note = error ?? hint;
  const noteId = `${id}-note`;
  return (
    <div className={`flex min-w-0 flex-col gap-0.5 ${className}`}>
      <label htmlFor={id} className="text-xs text-muted">
        {label}
      </label>
      {children({ id, describedBy: note === undefined ? undefined : noteId })}
      {note !== undefined && (
        <div id={noteId} className={`text-xs ${error === undefined ? "text-muted" : "text-danger"}`}>
          {error === undefined ? note : `\u26a0 ${error}`}
        </div>
      )}
    </div>
  );
}
