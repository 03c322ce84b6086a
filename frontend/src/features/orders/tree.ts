import { isPinned, type Order } from "@/domain/orders";

export type TreeRow = {
  readonly order: Order;
  /** 0 for an order of its own, 1 for the exits of one, and so on. */
  readonly depth: number;
};

/** What the stream says overtakes what an older page says; newest first. */
export function joinedOrders(streamed: readonly Order[], paged: readonly Order[]): readonly Order[] {
  const byId = new Map(paged.map((order) => [order.client_order_id, order]));
  for (const order of streamed) byId.set(order.client_order_id, order);
  return [...byId.values()].sort((a, b) => compareTexts(b.created_at, a.created_at));
}

function compareTexts(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * Every order once, children right beneath their parent, oldest child first; families keep the order of their heads.
 *
 * An order whose parent is not listed stands for itself. Families with an order that a person must look at come first.
 */
export function treeOf(orders: readonly Order[]): readonly TreeRow[] {
  const families = familiesOf(orders);
  const isUrgent = (family: readonly TreeRow[]) => family.some(({ order }) => isPinned(order));
  return [...families.filter(isUrgent), ...families.filter((family) => !isUrgent(family))].flat();
}

function familiesOf(orders: readonly Order[]): readonly (readonly TreeRow[])[] {
  const ids = new Set(orders.map((order) => order.client_order_id));
  const children = new Map<string, Order[]>();
  const heads: Order[] = [];
  for (const order of orders) {
    const parent = order.parent_id;
    if (parent === null || parent === order.client_order_id || !ids.has(parent)) heads.push(order);
    else children.set(parent, [order, ...(children.get(parent) ?? [])]);
  }
  const rowsOf = (order: Order, depth: number): TreeRow[] => [
    { order, depth },
    ...(children.get(order.client_order_id) ?? []).flatMap((child) => rowsOf(child, depth + 1)),
  ];
  return heads.map((head) => rowsOf(head, 0));
}
