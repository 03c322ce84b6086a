import { useStore } from "zustand";
import { useShallow } from "zustand/react/shallow";
import type { Schemas } from "@/api/client";
import type { Terms } from "@/domain/contract";
import { streamStore } from "@/stream/store";
import { Button } from "@/ui/Button";
import type { Fault } from "./check";
import type { Draft } from "./draft";
import { FixableField } from "./FixableField";
import { priceNow } from "./quote";
import { basisOf, quantityOf } from "./shares";
import { QUANTITY_ID } from "./store";
import type { Legs } from "./useLegs";
import { useOverLimit } from "./useOverLimit";

const PERCENTS = [10, 25, 50, 100] as const;

type Props = {
  readonly draft: Draft;
  readonly terms: Terms;
  readonly account: Schemas["AccountAnswer"] | null;
  readonly accountId: string;
  readonly legs: Legs;
  readonly fault: Fault | undefined;
  readonly onEdit: (change: Partial<Draft>) => void;
};

/** How much: typed, stepped by arrow keys, or a share of the position or the equity where that is honest. */
export function QuantityField({ draft, terms, account, accountId, legs, fault, onEdit }: Props) {
  const hasPrice = useHasPrice(terms, draft);
  const overLimit = useOverLimit(draft, terms, accountId, legs.open);
  const position = legs.target;
  const facts = { terms, side: draft.side, isReduceOnly: draft.isReduceOnly, position, account };
  const basis = basisOf({ ...facts, price: hasPrice ? ANY_PRICE : null });

  function choose(percent: number): void {
    const now = basisOf({ ...facts, price: priceNow(terms, draft) });
    const quantity = now.kind === "of" ? quantityOf(percent, now.most, terms.lot_step) : null;
    if (quantity !== null) onEdit({ quantity });
  }

  return (
    <div className="flex flex-col gap-1">
      <FixableField
        inputId={QUANTITY_ID}
        label={`Quantity (${terms.quantity_unit})`}
        value={draft.quantity}
        step={terms.lot_step}
        fault={fault ?? overLimit ?? undefined}
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

function useHasPrice(terms: Terms, draft: Draft): boolean {
  return useStore(
    streamStore,
    useShallow(() => priceNow(terms, draft) !== null),
  );
}
