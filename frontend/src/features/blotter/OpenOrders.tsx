import { useState } from "react";
import { useInstrument } from "@/api/queries/instruments";
import { useCancelOrder } from "@/api/queries/orders";
import { price } from "@/domain/format";
import { isPinned, type Order, typeWord } from "@/domain/orders";
import { Button } from "@/ui/Button";
import { type Column, DataTable } from "@/ui/DataTable";
import { OrderStatus } from "@/ui/OrderStatus";
import { ProblemText } from "@/ui/ProblemText";
import { ModifyOrder } from "./ModifyOrder";
import { Where } from "./Where";

/** Orders that may still trade, those with an unknown outcome first; each can be changed and canceled. */
export function OpenOrders({ orders }: { readonly orders: readonly Order[] }) {
  const [changingId, setChangingId] = useState<string | null>(null);
  return (
    <DataTable
      caption="Open orders"
      columns={columnsFor(setChangingId)}
      rows={orders}
      keyOf={(order) => order.client_order_id}
      rowLook={(order) => (isPinned(order) ? "bg-raised" : "")}
      beneath={(order) =>
        order.client_order_id === changingId ? (
          <ModifyOrder order={order} onEnd={() => setChangingId(null)} />
        ) : (
          troubleOf(order)
        )
      }
    />
  );
}

function columnsFor(onChange: (id: string) => void): readonly Column<Order>[] {
  return [
    { name: "Status", cell: (order) => <OrderStatus order={order} /> },
    {
      name: "Instrument",
      cell: ({ instrument_id, connection_id }) => <Where instrument={instrument_id} at={connection_id} />,
    },
    {
      name: "Order",
      cell: (order) => (
        <span className={order.side === "buy" ? "text-up" : "text-down"}>
          {order.side} {typeWord(order.order_type)}
        </span>
      ),
    },
    { name: "Filled", isNumber: true, cell: (order) => `${order.filled_quantity} / ${order.quantity}` },
    { name: "Price", isNumber: true, cell: (order) => <PriceText order={order} of={order.price} /> },
    { name: "Trigger", isNumber: true, isMinor: true, cell: (order) => <TriggerText order={order} /> },
    { name: "Actions", isActions: true, cell: (order) => <Actions order={order} onChange={onChange} /> },
  ];
}

function PriceText({ order, of }: { readonly order: Order; readonly of: string | null }) {
  const { data: instrument } = useInstrument(order.connection_id, order.instrument_id);
  return instrument == null ? (of ?? "\u2014") : price(of, instrument.tick_size);
}

function TriggerText({ order }: { readonly order: Order }) {
  if (order.trigger_price !== null) return <PriceText order={order} of={order.trigger_price} />;
  return order.trailing_offset === null ? "\u2014" : `trails ${order.trailing_offset}`;
}

type ActionsProps = { readonly order: Order; readonly onChange: (id: string) => void };

function Actions({ order, onChange }: ActionsProps) {
  const cancel = useCancelOrder();
  const name = `${order.side} ${order.quantity} ${order.instrument_id}`;
  return (
    <span className="inline-flex items-center gap-1">
      {cancel.error !== null && <ProblemText error={cancel.error} className="max-w-64 truncate text-xs" />}
      <Button
        needs="trade"
        className="px-2! text-xs! max-md:hidden"
        aria-label={`Change ${name}`}
        onClick={() => onChange(order.client_order_id)}
      >
        Change
      </Button>
      <Button
        needs="trade"
        className="px-2! text-xs!"
        aria-label={`Cancel ${name}`}
        disabled={cancel.isPending}
        onClick={() => cancel.mutate(order.client_order_id)}
      >
        Cancel
      </Button>
    </span>
  );
}

/** Why a person must look at the order; null = no reason to. */
function troubleOf({ outcome_unknown, needs_operator }: Order) {
  if (outcome_unknown === null && needs_operator === null) return null;
  return (
    <span className="text-xs text-warn">
      {outcome_unknown !== null && `Asking the broker: ${outcome_unknown.reason}. `}
      {needs_operator}
    </span>
  );
}
