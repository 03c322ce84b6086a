import { useState } from "react";
import type { Schemas } from "@/api/client";
import { useInstrument } from "@/api/queries/instruments";
import { price, quantity } from "@/domain/format";
import { useRow } from "@/stream/hooks";
import { Button } from "@/ui/Button";
import { type Column, DataTable } from "@/ui/DataTable";
import { Signed } from "@/ui/Signed";
import { ClosePosition } from "./ClosePosition";
import { Where } from "./Where";

type Position = Schemas["PositionAnswer"];

/** Open positions of all connections, what they are worth now, and the way out of each. */
export function Positions({ positions }: { readonly positions: readonly Position[] }) {
  const [closing, setClosing] = useState<Position | null>(null);
  return (
    <>
      <DataTable caption="Positions" columns={columnsFor(setClosing)} rows={positions} keyOf={keyOf} />
      {closing !== null && <ClosePosition position={closing} onEnd={() => setClosing(null)} />}
    </>
  );
}

function keyOf(position: Position): string {
  const { connection_id, account_id, instrument_id, position_id } = position;
  return [connection_id, account_id, instrument_id, position_id].join("\u0000");
}

function columnsFor(onClose: (position: Position) => void): readonly Column<Position>[] {
  return [
    { name: "Instrument", cell: (row) => <Where instrument={row.instrument_id} at={whereWords(row)} /> },
    { name: "Position", isNumber: true, cell: (row) => <Size row={row} /> },
    { name: "Open PnL", isNumber: true, cell: (row) => <OpenPnl position={row} /> },
    {
      name: "Average",
      isNumber: true,
      isMinor: true,
      cell: (row) => <PriceText row={row} of={row.average_price} />,
    },
    {
      name: "Mark",
      isNumber: true,
      isMinor: true,
      cell: (row) => <PriceText row={row} of={row.mark_price} />,
    },
    { name: "Protection", isMinor: true, cell: (row) => <Protection row={row} /> },
    {
      name: "Way out",
      isActions: true,
      cell: (row) => (
        <Button
          needs="trade"
          className="px-2! text-xs!"
          aria-label={`Close ${row.side} ${row.quantity} ${row.instrument_id}`}
          onClick={() => onClose(row)}
        >
          Close
        </Button>
      ),
    },
  ];
}

/** Connection, and the leg where there is more than one. */
function whereWords({ connection_id, position_id }: Position): string {
  return position_id === "net" ? connection_id : `${connection_id}, ${position_id}`;
}

function Size({ row }: { readonly row: Position }) {
  return (
    <>
      <span className={row.side === "long" ? "text-up" : "text-down"}>{row.side}</span>{" "}
      {quantity(row.quantity, "1")} {row.quantity_unit}
    </>
  );
}

function PriceText({ row, of }: { readonly row: Position; readonly of: string | null }) {
  const { data: instrument } = useInstrument(row.connection_id, row.instrument_id);
  return price(of, instrument?.tick_size ?? tickOf(of));
}

/** Until the terms are there: the price as it is written. */
function tickOf(text: string | null): string {
  const digits = text?.split(".")[1]?.length ?? 0;
  return digits === 0 ? "1" : `0.${"0".repeat(digits - 1)}1`;
}

/** A leaf of its own: it renders with every mark. */
function OpenPnl({ position }: { readonly position: Position }) {
  const newest = useRow<{ readonly unrealized_pnl: string | null }>("pnl", keyOf(position));
  const amount = newest === null ? position.unrealized_pnl : newest.unrealized_pnl;
  if (amount === null) return <span className="text-muted max-md:whitespace-normal">cost unknown</span>;
  return (
    <>
      <Signed amount={amount} currency={position.currency} />{" "}
      <span className="text-xs text-muted max-md:block">{position.currency}</span>
    </>
  );
}

const KEPT_BY = { broker: "at the broker", local: "kept here", none: "" } as const;

function Protection({ row }: { readonly row: Position }) {
  if (row.stop_loss === null && row.take_profit === null) {
    return row.protection === "none" ? (
      <span className="text-muted">none</span>
    ) : (
      <span>orders {KEPT_BY[row.protection]}</span>
    );
  }
  return (
    <span>
      {row.stop_loss !== null && <>SL {row.stop_loss} </>}
      {row.take_profit !== null && <>TP {row.take_profit} </>}
      <span className="text-xs text-muted">{KEPT_BY[row.protection]}</span>
    </span>
  );
}
