import { NumberField } from "@/ui/NumberField";
import type { FieldProps } from "./field-props";
import { LIMIT_NAMES, LIMIT_WORDS, type LimitName } from "./request";

const STEPS: Readonly<Record<LimitName, string>> = {
  max_daily_loss: "10",
  max_drawdown: "0.01",
  max_order_notional: "100",
  max_instrument_exposure: "100",
  max_open_orders: "1",
};

/** The pre-trade limits of live trading, for this run; `errors` by the limit's name. */
export function LimitFields({ draft, errors, onChange }: FieldProps) {
  const set = LIMIT_NAMES.filter((name) => draft.limits[name] !== "").length;
  const hasError = Object.keys(errors).length > 0;
  return (
    <details open={hasError || undefined} className="rounded-sm border border-line p-2">
      <summary className="cursor-pointer text-sm">Risk limits: {set === 0 ? "none" : `${set} set`}</summary>
      <div className="mt-2 grid grid-cols-2 items-start gap-2 max-sm:grid-cols-1">
        {LIMIT_NAMES.map((name) => (
          <NumberField
            key={name}
            label={LIMIT_WORDS[name].word}
            value={draft.limits[name]}
            step={STEPS[name]}
            error={errors[name]}
            hint={LIMIT_WORDS[name].hint}
            onChange={(value) => onChange({ limits: { ...draft.limits, [name]: value } })}
          />
        ))}
      </div>
    </details>
  );
}
