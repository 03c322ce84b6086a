import type { Schemas } from "@/api/client";
import { isClosed, isPinned, type Order } from "@/domain/orders";

export type Market = { readonly connectionId: string; readonly instrumentId: string };
type Placed = { readonly connection_id: string; readonly instrument_id: string };

/** The rows of one market; null = of all. */
export function ofMarket<Row extends Placed>(rows: readonly Row[], market: Market | null): readonly Row[] {
  if (market === null) return rows;
  return rows.filter(
    (row) => row.connection_id === market.connectionId && row.instrument_id === market.instrumentId,
  );
}

/** Orders that may still trade, in the stream's order; those that a person must look at come first. */
export function openOrdersOf(orders: readonly Order[]): readonly Order[] {
  const open = orders.filter((order) => !isClosed(order) || isPinned(order));
  return [...open.filter(isPinned), ...open.filter((order) => !isPinned(order))];
}

/** The order that was made last; null = there is none. */
export function newestOf(orders: readonly Order[]): Order | null {
  return orders.reduce<Order | null>(
    (newest, order) => (newest === null || order.created_at > newest.created_at ? order : newest),
    null,
  );
}

type Position = Schemas["PositionAnswer"];

export function openPositionsOf(positions: readonly Position[]): readonly Position[] {
  return positions.filter((position) => position.side !== "flat");
}
