import { isClosed, isPinned, type Order } from "@/domain/orders";
import type { TreeRow } from "./tree";

export type StatusFilter = "all" | "open" | "filled" | "ended" | "refused" | "unknown";

export type Filter = {
  readonly connectionId: string | null;
  readonly status: StatusFilter;
  readonly text: string;
};

export const EVERYTHING: Filter = { connectionId: null, status: "all", text: "" };

function hasStatus(order: Order, status: StatusFilter): boolean {
  switch (status) {
    case "all":
      return true;
    case "open":
      return !isClosed(order);
    case "filled":
      return order.status === "filled";
    case "ended":
      return order.status === "canceled" || order.status === "expired";
    case "refused":
      return order.status === "denied" || order.status === "rejected";
    case "unknown":
      return isPinned(order);
  }
}

/** Whether an order is wanted; the text is looked for in its ids, instrument, strategy and what was said of it. */
export function isWanted(order: Order, { connectionId, status, text }: Filter): boolean {
  if (connectionId !== null && order.connection_id !== connectionId) return false;
  if (!hasStatus(order, status)) return false;
  const wanted = text.trim().toLowerCase();
  const words = [
    order.client_order_id,
    order.venue_order_id,
    order.instrument_id,
    order.strategy_id,
    order.side,
    order.order_type,
    order.denied?.text,
    order.broker.text,
  ];
  return wanted === "" || words.some((word) => word?.toLowerCase().includes(wanted));
}

/** Wanted rows, and the parents of those: an exit without its entry says little. */
export function filtered(rows: readonly TreeRow[], filter: Filter): readonly TreeRow[] {
  const kept: TreeRow[] = [];
  let openDepth = 0;
  for (const row of rows.toReversed()) {
    const isParentOfKept = row.depth < openDepth;
    if (isWanted(row.order, filter) || isParentOfKept) {
      kept.push(row);
      openDepth = row.depth;
    }
  }
  return kept.reverse();
}
