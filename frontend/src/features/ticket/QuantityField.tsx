import { useStore } from "zustand";
import { useShallow } from "zustand/react/shallow";
import type { Schemas } from "@/api/client";
import type { Terms } from "@/domain/contract";
import { parseDecimal } from "@/domain/decimal";
import { streamStore } from "@/stream/store";
import { Button } from "@/ui/Button";
import { NumberField } from "@/ui/NumberField";
import { referenceOf } from "./distance";
import { type Draft, pricesOf } from "./draft";
import { quoteNow } from "./quote";
import { basisOf, quantityOf } from "./shares";
import { QUANTITY_ID } from "./store";

const PERCENTS = [10, 25, 50, 100] as const;

type Props = {
  readonly draft: Draft;
  readonly terms: Terms;
  readonly account: Schemas["AccountAnswer"] | null;
  readonly position: Schemas["PositionAnswer"] | null;
  readonly error: string | undefined;
  readonly onEdit: (change: Partial<Draft>) => void;
};

/** How much: typed, stepped by arrow keys, or a share of the position or the equity where that is honest. */
export function QuantityField({ draft, terms, account, position, error, onEdit }: Props) {
  const hasPrice = useHasPrice(terms, draft);
  const facts = { terms, side: draft.side, isReduceOnly: draft.isReduceOnly, position, account };
  const basis = basisOf({ ...facts, price: hasPrice ? ANY_PRICE : null });

  function choose(percent: number): void {
    const now = basisOf({ ...facts, price: priceNow(terms, draft) });
    const quantity = now.kind === "of" ? quantityOf(percent, now.most, terms.lot_step) : null;
    if (quantity !== null) onEdit({ quantity });
  }

  return (
    <div className="flex flex-col gap-1">
      <NumberField
        inputId={QUANTITY_ID}
        label={`Quantity (${terms.quantity_unit})`}
        value={draft.quantity}
        step={terms.lot_step}
        error={error}
        onChange={(quantity) => onEdit({ quantity })}
      />
      {basis.kind === "of" ? (
        // biome-ignore lint/a11y/useSemanticElements: buttons that fill a field are no fields of a set
        <div role="group" aria-label={`Share of the ${basis.name}`} className="flex items-center gap-1">
          {PERCENTS.map((percent) => (
            <Button
              key={percent}
              className="flex-1 px-0! text-xs! whitespace-nowrap"
              aria-label={`${percent} % of the ${basis.name}`}
              onClick={() => choose(percent)}
            >
              {`${percent}\u2009%`}
            </Button>
          ))}
          <span className="text-xs whitespace-nowrap text-muted">of {basis.name}</span>
        </div>
      ) : (
        <p className="m-0 text-xs text-muted">No share to size by: {basis.reason}.</p>
      )}
    </div>
  );
}

/** Stands in for the price where only its being there matters: the field must not render with every quote. */
const ANY_PRICE = { units: 1n, scale: 0 };

function priceNow(terms: Terms, draft: Draft) {
  const typed = pricesOf(draft.type).hasPrice ? parseDecimal(draft.price) : null;
  return typed !== null && typed.units > 0n
    ? typed
    : (referenceOf(draft.side, quoteNow(terms))?.price ?? null);
}

function useHasPrice(terms: Terms, draft: Draft): boolean {
  return useStore(
    streamStore,
    useShallow(() => priceNow(terms, draft) !== null),
  );
}
