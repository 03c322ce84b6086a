import type { Schemas } from "@/api/client";
import { isClosed, priceTerm } from "@/domain/orders";

type Order = Schemas["OrderAnswer"];
type Position = Schemas["PositionAnswer"];

/** A horizontal line of the chart: something of the user's at a price. */
export type PriceMark = {
  readonly id: string;
  readonly price: number;
  readonly title: string;
  readonly tone: "buy" | "sell" | "position" | "exit";
  readonly isDashed: boolean;
  /** The order whose price it is: its line can be moved. */
  readonly orderId: string | null;
};

/** Lines of working orders at their limit, or at their trigger while they wait for it. */
export function orderMarks(
  orders: readonly Order[],
  connectionId: string,
  instrumentId: string,
): PriceMark[] {
  return orders
    .filter((order) => order.connection_id === connectionId && order.instrument_id === instrumentId)
    .filter((order) => !isClosed(order))
    .flatMap((order) => {
      const term = priceTerm(order);
      const at = term === null ? null : order[term];
      if (at === null) return [];
      const what = order.order_type.replaceAll("_", " ");
      return [
        {
          id: order.client_order_id,
          price: Number(at),
          title: `${order.side} ${order.quantity} ${what}`,
          tone: order.side,
          isDashed: term === "trigger_price",
          orderId: order.client_order_id,
        },
      ];
    });
}

/** Lines of positions at their average price, and of their attached exits. */
export function positionMarks(
  positions: readonly Position[],
  connectionId: string,
  instrumentId: string,
): PriceMark[] {
  return positions
    .filter((position) => position.connection_id === connectionId && position.instrument_id === instrumentId)
    .filter((position) => position.side !== "flat" && position.average_price !== null)
    .flatMap((position) => {
      const id = `position ${position.position_id}`;
      const marks: PriceMark[] = [
        {
          id,
          price: Number(position.average_price),
          title: `${position.side} ${position.quantity}`,
          tone: "position",
          isDashed: false,
          orderId: null,
        },
      ];
      for (const [name, price] of [
        ["take profit", position.take_profit],
        ["stop loss", position.stop_loss],
      ] as const) {
        if (price !== null)
          marks.push({
            id: `${id} ${name}`,
            price: Number(price),
            title: name,
            tone: "exit",
            isDashed: true,
            orderId: null,
          });
      }
      return marks;
    });
}
