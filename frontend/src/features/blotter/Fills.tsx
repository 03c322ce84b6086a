import type { Schemas } from "@/api/client";
import { useInstrument } from "@/api/queries/instruments";
import { dateTime, money } from "@/domain/format";
import { type Column, DataTable } from "@/ui/DataTable";
import { Signed } from "@/ui/Signed";

type Fill = Schemas["FillAnswer"];

/** Executions, newest first, with what each cost and won. */
export function Fills({ fills }: { readonly fills: readonly Fill[] }) {
  return (
    <DataTable
      caption="Fills"
      columns={COLUMNS}
      rows={fills}
      keyOf={(fill) => [fill.connection_id, fill.account_id, fill.trade_id].join(" ")}
    />
  );
}

const COLUMNS: readonly Column<Fill>[] = [
  { name: "Time (UTC)", cell: (fill) => <span className="text-muted">{dateTime(fill.time)}</span> },
  { name: "Instrument", cell: (fill) => fill.instrument_id },
  { name: "At", isMinor: true, cell: (fill) => <span className="text-muted">{fill.connection_id}</span> },
  {
    name: "Side",
    cell: (fill) => <span className={fill.side === "buy" ? "text-up" : "text-down"}>{fill.side}</span>,
  },
  { name: "Quantity", isNumber: true, cell: (fill) => fill.quantity },
  { name: "Price", isNumber: true, cell: (fill) => fill.price },
  {
    name: "Fee",
    isNumber: true,
    isMinor: true,
    cell: ({ fee }) => `${money(fee.amount, fee.currency)} ${fee.currency}`,
  },
  { name: "Liquidity", isMinor: true, cell: (fill) => fill.liquidity },
  {
    name: "Realized",
    isNumber: true,
    isMinor: true,
    cell: (fill) => <Realized fill={fill} />,
  },
];

/** In the currency that the instrument settles in, which need not be that of the fee. */
function Realized({ fill }: { readonly fill: Fill }) {
  const { data: terms } = useInstrument(fill.connection_id, fill.instrument_id);
  if (fill.realized_pnl === null) return <span className="text-muted">cost unknown</span>;
  return (
    <>
      <Signed amount={fill.realized_pnl} currency={terms?.settle ?? ""} />{" "}
      <span className="text-xs text-muted">{terms?.settle}</span>
    </>
  );
}
