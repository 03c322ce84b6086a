import type { KeyboardEvent, ReactNode } from "react";
import { stepped } from "@/domain/decimal";
import { FIELD_LOOK, Field } from "./Field";

type Props = {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  /** What one arrow key adds or takes; with Shift ten of it. A plain decimal above 0. */
  readonly step: string;
  readonly error?: string | undefined;
  readonly hint?: ReactNode;
  readonly disabled?: boolean;
  readonly className?: string;
  readonly inputId?: string;
};

/** An exact decimal, kept as the text that was typed: no float ever holds it. */
export function NumberField(props: Props) {
  const { label, value, onChange, step, error, hint, disabled, className, inputId } = props;

  function onKeyDown(event: KeyboardEvent): void {
    if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
    event.preventDefault();
    const steps = (event.shiftKey ? 10 : 1) * (event.key === "ArrowUp" ? 1 : -1);
    onChange(stepped(value, step, steps));
  }

  return (
    <Field label={label} error={error} hint={hint} className={className ?? ""} inputId={inputId}>
      {({ id, describedBy }) => (
        <input
          id={id}
          inputMode="decimal"
          autoComplete="off"
          spellCheck={false}
          disabled={disabled}
          value={value}
          aria-invalid={error !== undefined}
          aria-describedby={describedBy}
          aria-keyshortcuts="ArrowUp ArrowDown Shift+ArrowUp Shift+ArrowDown"
          onKeyDown={onKeyDown}
          onChange={(event) => onChange(event.target.value.replace(",", ".").trim())}
          className={`${FIELD_LOOK} num font-mono ${error === undefined ? "border-line" : "border-danger"}`}
        />
      )}
    </Field>
  );
}
