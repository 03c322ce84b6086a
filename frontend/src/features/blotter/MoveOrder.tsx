import { isClosed, type Order, priceTerm } from "@/domain/orders";
import { useRow } from "@/stream/hooks";
import { Dialog } from "@/ui/Dialog";
import type { Change } from "./change";
import { ModifyOrder } from "./ModifyOrder";

type Props = { readonly orderId: string; readonly price: string; readonly onEnd: () => void };

/** Asks about an order whose line was moved on the chart; only its button changes the order. */
export function MoveOrder({ orderId, price, onEnd }: Props) {
  const order = useRow<Order>("orders", orderId);
  const term = order === null ? null : priceTerm(order);
  if (order === null || term === null) return null;
  const first: Change = { [term]: price };
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onEnd()}
      title={`Change ${order.side} ${order.quantity} ${order.instrument_id}?`}
      description={
        isClosed(order)
          ? `It has ended meanwhile: ${order.status}.`
          : `From ${order[term]} to ${price}. Nothing is sent before you say so.`
      }
    >
      <ModifyOrder order={order} first={first} onEnd={onEnd} />
    </Dialog>
  );
}
