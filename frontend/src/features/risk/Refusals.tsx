import { useStore } from "zustand";
import type { Schemas } from "@/api/client";
import { timeOfDay } from "@/domain/format";
import { useRows, useTrust } from "@/stream/hooks";
import { panelState } from "@/stream/panelState";
import { streamStore } from "@/stream/store";
import { type Column, DataTable } from "@/ui/DataTable";
import { Panel } from "@/ui/Panel";

type Order = Schemas["OrderAnswer"];

const COLUMNS: readonly Column<Order>[] = [
  { name: "Time UTC", cell: (order) => timeOfDay(order.created_at) },
  {
    name: "Why",
    cell: (order) => (
      <div className="min-w-36 py-1 break-words whitespace-normal">
        {order.denied?.text} <code className="text-xs text-danger">{order.denied?.code}</code>
      </div>
    ),
  },
  {
    name: "Order",
    cell: (order) => (
      <div className="py-1 break-words whitespace-normal">
        {order.side} {order.quantity} {order.instrument_id}
        <div className="text-xs text-muted">
          {order.connection_id}, from{" "}
          {order.strategy_id === null ? order.source : `strategy ${order.strategy_id}`}
        </div>
      </div>
    ),
  },
];

/** Orders that our own checks refused: nothing of them reached a broker. */
export function Refusals() {
  const link = useStore(streamStore, (state) => state.link);
  const trust = useTrust("orders");
  const denied = useRows<Order>("orders").filter((order) => order.status === "denied");
  const state = panelState(link, trust, {
    isEmpty: denied.length === 0,
    title: "Nothing was refused",
    hint: "Orders that a limit or a halt refused stand here, with the reason. The last 500 orders are looked at.",
  });
  return (
    <Panel title="Refusals" state={state} className="max-h-96">
      <DataTable
        caption="Refused orders"
        columns={COLUMNS}
        rows={denied}
        keyOf={(order) => order.client_order_id}
      />
    </Panel>
  );
}
