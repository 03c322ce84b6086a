import type { Terms } from "@/domain/contract";
import type { FieldErrors } from "./check";
import type { Draft } from "./draft";
import { FixableField } from "./FixableField";
import type { Offers } from "./offers";

type Props = {
  readonly draft: Draft;
  readonly terms: Terms;
  readonly offers: Offers;
  readonly errors: FieldErrors;
  readonly onEdit: (change: Partial<Draft>) => void;
};

/** The exits that go along with the order; absent where the broker has none. */
export function ExitFields({ draft, terms, offers, errors, onEdit }: Props) {
  if (offers.exits !== null) return null;
  const step = terms.tick_size;
  return (
    <div className="grid grid-cols-2 gap-2">
      <FixableField
        label="Take profit"
        value={draft.takeProfit}
        step={step}
        fault={errors.takeProfit}
        onChange={(takeProfit) => onEdit({ takeProfit })}
      />
      <FixableField
        label="Stop loss"
        value={draft.stopLoss}
        step={step}
        fault={errors.stopLoss}
        onChange={(stopLoss) => onEdit({ stopLoss })}
      />
      {offers.limitExits === null && draft.stopLoss !== "" && (
        <FixableField
          label="Stop loss limit (empty: at the market)"
          className="col-span-2"
          value={draft.stopLossLimit}
          step={step}
          fault={errors.stopLossLimit}
          onChange={(stopLossLimit) => onEdit({ stopLossLimit })}
        />
      )}
    </div>
  );
}
