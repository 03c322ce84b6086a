import type { Terms } from "@/domain/contract";
import type { FieldErrors } from "./check";
import { type Draft, pricesOf } from "./draft";
import { FixableField } from "./FixableField";

type Props = {
  readonly draft: Draft;
  readonly terms: Terms;
  readonly errors: FieldErrors;
  readonly onEdit: (change: Partial<Draft>) => void;
};

/** The prices that the order type takes, and no others. */
export function PriceFields({ draft, terms, errors, onEdit }: Props) {
  const uses = pricesOf(draft.type);
  const step = terms.tick_size;
  return (
    <div className="grid grid-cols-[repeat(auto-fit,minmax(7rem,1fr))] gap-2 empty:hidden">
      {uses.mayHaveTrigger && (
        <FixableField
          label={`Trigger ${terms.quote}${uses.hasTrigger ? "" : " (optional)"}`}
          value={draft.trigger}
          step={step}
          fault={errors.trigger}
          onChange={(trigger) => onEdit({ trigger })}
        />
      )}
      {uses.hasPrice && (
        <FixableField
          label={`Limit ${terms.quote}`}
          value={draft.price}
          step={step}
          fault={errors.price}
          onChange={(price) => onEdit({ price })}
        />
      )}
      {uses.hasOffset && (
        <FixableField
          label={`Trails by ${terms.quote}`}
          value={draft.offset}
          step={step}
          fault={errors.offset}
          onChange={(offset) => onEdit({ offset })}
        />
      )}
    </div>
  );
}
