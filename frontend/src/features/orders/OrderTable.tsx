import { dateTime } from "@/domain/format";
import { isPinned, typeWord } from "@/domain/orders";
import { type Column, DataTable } from "@/ui/DataTable";
import { OrderStatus } from "@/ui/OrderStatus";
import { Said } from "./Said";
import type { TreeRow } from "./tree";

type Props = {
  readonly rows: readonly TreeRow[];
  readonly selectedId: string | null;
  readonly onSelect: (id: string) => void;
};

/** Orders with their exits beneath them; choosing one shows its time line. */
export function OrderTable({ rows, selectedId, onSelect }: Props) {
  return (
    <DataTable
      caption="Orders"
      columns={columnsFor(selectedId, onSelect)}
      rows={rows}
      keyOf={({ order }) => order.client_order_id}
      rowLook={({ order }) =>
        order.client_order_id === selectedId || isPinned(order) ? "bg-raised" : "hover:bg-raised"
      }
    />
  );
}

function columnsFor(selectedId: string | null, onSelect: (id: string) => void): readonly Column<TreeRow>[] {
  return [
    { name: "Status", cell: ({ order }) => <OrderStatus order={order} /> },
    {
      name: "Order",
      cell: ({ order, depth }) => (
        <button
          type="button"
          aria-pressed={order.client_order_id === selectedId}
          aria-label={`${depth > 0 ? "Exit: " : ""}${order.side} ${order.instrument_id}, ${order.quantity}, ${typeWord(order.order_type)}: time line`}
          onClick={() => onSelect(order.client_order_id)}
          style={{ paddingLeft: `${depth * 1.1}rem` }}
          className="cursor-pointer border-0 bg-transparent p-0 text-left text-ink underline decoration-line underline-offset-4 hover:decoration-current"
        >
          {depth > 0 && (
            <span aria-hidden="true" className="mr-1 text-muted">
              {"\u2514"}
            </span>
          )}
          <span className={order.side === "buy" ? "text-up" : "text-down"}>{order.side}</span>{" "}
          {order.instrument_id}
        </button>
      ),
    },
    { name: "Type", isMinor: true, cell: ({ order }) => typeWord(order.order_type) },
    {
      name: "At",
      isMinor: true,
      cell: ({ order }) => <span className="text-muted">{order.connection_id}</span>,
    },
    {
      name: "Filled",
      isNumber: true,
      cell: ({ order }) => `${order.filled_quantity} / ${order.quantity}`,
    },
    {
      name: "Said",
      isMinor: true,
      cell: ({ order }) => <Said order={order} className="block max-w-56 truncate" />,
    },
    { name: "Price", isNumber: true, isMinor: true, cell: ({ order }) => order.price ?? "\u2014" },
    { name: "Trigger", isNumber: true, isMinor: true, cell: ({ order }) => order.trigger_price ?? "\u2014" },
    { name: "Average", isNumber: true, isMinor: true, cell: ({ order }) => order.average_price ?? "\u2014" },
    { name: "From", isMinor: true, cell: ({ order }) => order.strategy_id ?? order.source },
    {
      name: "Created (UTC)",
      isMinor: true,
      cell: ({ order }) => <span className="text-muted">{dateTime(order.created_at)}</span>,
    },
  ];
}
