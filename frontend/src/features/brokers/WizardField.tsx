import { FIELD_LOOK, Field } from "@/ui/Field";
import type { FieldTerms } from "./broker-terms";

type Props = {
  readonly terms: FieldTerms;
  readonly value: string | boolean | undefined;
  readonly error: string | undefined;
  readonly onChange: (value: string | boolean) => void;
};

/** One field of the wizard; secrets are masked and kept from the browser's memory of forms. */
export function WizardField({ terms, value, error, onChange }: Props) {
  if (terms.kind === "switch")
    return (
      <label className="flex min-h-8 items-center gap-2 text-sm max-md:min-h-11">
        <input
          type="checkbox"
          checked={value === true}
          onChange={(event) => onChange(event.target.checked)}
        />
        <span>
          {terms.label}
          {error !== undefined && <span className="block text-xs text-danger">{error}</span>}
        </span>
      </label>
    );
  return (
    <Field label={terms.label} hint={terms.hint} error={error}>
      {({ id, describedBy }) => {
        const common = {
          id,
          "aria-describedby": describedBy,
          "aria-invalid": error !== undefined,
          spellCheck: false,
          autoCapitalize: "none",
          className: `${error === undefined ? "border-line" : "border-danger"} ${FIELD_LOOK}`,
          value: typeof value === "string" ? value : "",
        };
        if (terms.kind === "choice")
          return (
            <select {...common} onChange={(event) => onChange(event.target.value)}>
              <option value="">as the server has it</option>
              {terms.choices?.map((choice) => (
                <option key={choice}>{choice}</option>
              ))}
            </select>
          );
        if (terms.kind === "secret-lines")
          return (
            <textarea
              {...common}
              rows={4}
              autoComplete="off"
              onChange={(event) => onChange(event.target.value)}
              className={`font-mono [-webkit-text-security:disc] ${common.className}`}
            />
          );
        return (
          <input
            {...common}
            type={terms.kind === "secret" ? "password" : "text"}
            autoComplete={terms.kind === "secret" ? "new-password" : "off"}
            placeholder={terms.placeholder}
            onChange={(event) => onChange(event.target.value)}
          />
        );
      }}
    </Field>
  );
}
