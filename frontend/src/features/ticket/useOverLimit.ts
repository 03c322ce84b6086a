import type { Schemas } from "@/api/client";
import { useRisk } from "@/api/queries/risk";
import type { Terms } from "@/domain/contract";
import { absolute, add, type Decimal, decimal, negate, subtract, toPlain, ZERO } from "@/domain/decimal";
import { isClosed, type Order } from "@/domain/orders";
import { useChannel } from "@/stream/hooks";
import type { ChannelState } from "@/stream/reduce";
import { overLimit } from "./ceilings";
import type { Fault } from "./check";
import type { Draft, Side } from "./draft";
import { priceNow } from "./quote";

type Position = Schemas["PositionAnswer"];

/** The risk limit of the account that the typed quantity exceeds, as the server last told limits and their use. */
export function useOverLimit(
  draft: Draft,
  terms: Terms,
  accountId: string,
  legs: readonly Position[],
): Fault | null {
  const { data: risk } = useRisk();
  const working = useChannel("orders", (orders) => workingOf(orders, terms, accountId, draft.side));
  const use = risk?.use.find(
    (each) => each.connection_id === terms.connection_id && each.account_id === accountId,
  );
  if (use === undefined) return null;
  return overLimit(draft.quantity, {
    terms,
    side: draft.side,
    isReduceOnly: draft.isReduceOnly,
    held: heldOf(legs),
    working: decimal(working),
    price: priceNow(terms, draft),
    use,
  });
}

function heldOf(legs: readonly Position[]): Decimal {
  return legs.reduce((sum, { side, quantity }) => {
    const size = absolute(decimal(quantity));
    return add(sum, side === "long" ? size : negate(size));
  }, ZERO);
}

/** As text: the field renders when the sum changes, not with every order. */
function workingOf({ rows }: ChannelState, terms: Terms, accountId: string, side: Side): string {
  let sum = ZERO;
  for (const row of rows?.values() ?? []) {
    const order = row as unknown as Order;
    const isHere =
      order.connection_id === terms.connection_id &&
      order.account_id === accountId &&
      order.instrument_id === terms.instrument_id;
    if (isHere && order.side === side && !isClosed(order))
      sum = add(sum, subtract(decimal(order.quantity), decimal(order.filled_quantity)));
  }
  return toPlain(sum);
}
