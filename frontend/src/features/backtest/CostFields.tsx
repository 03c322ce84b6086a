import { NumberField } from "@/ui/NumberField";
import { SelectField } from "@/ui/SelectField";
import type { FieldProps } from "./field-props";
import type { RunDraft } from "./request";

/** Money and what trading costs: what is left at 0 is taken for free. */
export function CostFields({ draft, errors, onChange }: FieldProps) {
  return (
    <fieldset className="m-0 grid grid-cols-2 items-start gap-2 rounded-sm border border-line p-2 max-sm:grid-cols-1">
      <legend className="px-1 text-xs text-muted">Money and costs</legend>
      <NumberField
        label="Start capital"
        value={draft.cash}
        step="1000"
        error={errors.initial_cash}
        hint="in the settlement currency"
        onChange={(cash) => onChange({ cash })}
      />
      <NumberField
        label="Slippage"
        value={draft.slippage}
        step="0.0001"
        error={errors.slippage}
        hint="fraction of the price, for orders that take"
        onChange={(slippage) => onChange({ slippage })}
      />
      <NumberField
        label="Maker fee"
        value={draft.maker}
        step="0.0001"
        error={errors["fees.maker"]}
        hint="fraction of worth, 0.0002 = 0.02 %"
        onChange={(maker) => onChange({ maker })}
      />
      <NumberField
        label="Taker fee"
        value={draft.taker}
        step="0.0001"
        error={errors["fees.taker"]}
        hint="fraction of worth"
        onChange={(taker) => onChange({ taker })}
      />
      <SelectField
        label="Spread"
        value={draft.spread}
        error={errors.spread}
        onChange={(spread) => onChange({ spread: spread as RunDraft["spread"] })}
      >
        <option value="none">none: bars trade both ways</option>
        <option value="mid">prices are mids: takers pay half</option>
        <option value="bid">prices are bids: buyers pay all</option>
      </SelectField>
      <SelectField
        label="Market orders fill at"
        value={draft.fill}
        error={errors.fill}
        hint={draft.fill === "same_close" ? "\u26a0 looks ahead: too good to be true" : undefined}
        onChange={(fill) => onChange({ fill: fill as RunDraft["fill"] })}
      >
        <option value="next_open">the next bar's open</option>
        <option value="same_close">the deciding bar's close</option>
      </SelectField>
      <NumberField
        label="Seed"
        value={draft.seed}
        step="1"
        error={errors.seed}
        hint="the same seed gives the same result"
        onChange={(seed) => onChange({ seed })}
      />
    </fieldset>
  );
}
