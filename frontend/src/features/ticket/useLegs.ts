import type { Schemas } from "@/api/client";
import type { Terms } from "@/domain/contract";
import type { ProductCapabilities } from "@/domain/products";
import { useRows } from "@/stream/hooks";

type Position = Schemas["PositionAnswer"];

export type Legs = {
  readonly open: readonly Position[];
  /** Whether an order says which position it acts on. */
  readonly isHedging: boolean;
  /** The position that the order acts on: the chosen one, or the only one of an account that nets. */
  readonly target: Position | null;
  /** Why the chosen position cannot be acted on; null = it can, or none is chosen. */
  readonly error: string | null;
};

/** The open positions of a market in one account, and the one that an order acts on. */
export function useLegs(
  terms: Terms,
  account: Schemas["ConnectionAccountAnswer"],
  product: ProductCapabilities,
  chosenId: string | null,
): Legs {
  const open = useRows<Position>("positions").filter(
    (each) =>
      each.connection_id === terms.connection_id &&
      each.account_id === account.account_id &&
      each.instrument_id === terms.instrument_id &&
      each.side !== "flat",
  );
  if (!product.hedging || account.mode !== "hedging")
    return { open, isHedging: false, target: open[0] ?? null, error: null };
  const target = open.find((leg) => leg.position_id === chosenId) ?? null;
  const isGone = chosenId !== null && target === null;
  const error = isGone ? `position ${chosenId} is closed: choose another one, or a new position` : null;
  return { open, isHedging: true, target, error };
}
