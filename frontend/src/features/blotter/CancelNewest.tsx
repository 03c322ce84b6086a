import { useRef } from "react";
import { useCancelOrder } from "@/api/queries/orders";
import { type Order, typeWord } from "@/domain/orders";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ProblemText } from "@/ui/ProblemText";

type Props = { readonly order: Order; readonly onEnd: () => void };

/** Asks once about one order and cancels it; how it ends is told by the list of orders. */
export function CancelNewest({ order, onEnd }: Props) {
  const wayOut = useRef<HTMLButtonElement>(null);
  const cancel = useCancelOrder();
  const price = order.price ?? order.trigger_price;
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onEnd()}
      title={`Cancel ${order.side} ${order.quantity} ${order.instrument_id}?`}
      description={`The newest working order of the instrument: ${typeWord(order.order_type)}${price === null ? "" : ` at ${price}`}, ${order.filled_quantity} of ${order.quantity} filled. It may still fill before its end.`}
      firstFocus={wayOut}
    >
      {cancel.error !== null && <ProblemText error={cancel.error} />}
      <div className="mt-3 flex justify-end gap-2">
        <Button ref={wayOut} onClick={onEnd}>
          Keep it
        </Button>
        <Button
          look="danger"
          disabled={cancel.isPending}
          onClick={() => cancel.mutate(order.client_order_id, { onSuccess: onEnd })}
        >
          {cancel.isPending ? "Canceling" : "Cancel the order"}
        </Button>
      </div>
    </Dialog>
  );
}
