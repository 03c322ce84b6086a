import type { Schemas } from "@/api/client";
import type { Strategy } from "@/api/queries/strategies";
import { decimal } from "@/domain/decimal";
import { ABSENT, grouped, quantity } from "@/domain/format";
import { type Column, DataTable } from "@/ui/DataTable";
import { Panel, type PanelState } from "@/ui/Panel";
import { Signed } from "@/ui/Signed";

type Position = Schemas["StrategyPositionAnswer"];

const COLUMNS: readonly Column<Position>[] = [
  {
    name: "Instrument",
    cell: ({ instrument_id, connection_id, account_id }) => (
      <>
        {instrument_id}
        <div className="text-xs text-muted">
          {connection_id} {account_id}
        </div>
      </>
    ),
  },
  {
    name: "Held",
    isNumber: true,
    cell: (position) => `${position.side} ${quantity(position.quantity, "1")} ${position.quantity_unit}`,
  },
  {
    name: "Average price",
    isNumber: true,
    isMinor: true,
    cell: ({ average_price }) => (average_price === null ? ABSENT : grouped(decimal(average_price))),
  },
  {
    name: "Unrealized",
    isNumber: true,
    cell: ({ unrealized_pnl, currency }) => (
      <>
        <Signed amount={unrealized_pnl} currency={currency} />{" "}
        <span className="text-xs text-muted">{currency}</span>
      </>
    ),
  },
  {
    name: "Whole account",
    isNumber: true,
    isMinor: true,
    cell: ({ account_quantity }) => quantity(account_quantity, "1"),
  },
];

/** What the strategy's own fills add up to, with the account's whole position beside it. */
export function StrategyPositions({
  strategy,
  state,
}: {
  readonly strategy: Strategy;
  readonly state: PanelState;
}) {
  const isEmpty = state.kind === "live" && strategy.positions.length === 0;
  const shown: PanelState = isEmpty
    ? { kind: "empty", title: "It holds nothing", hint: "Positions from its own fills stand here." }
    : state;
  return (
    <Panel title="Positions of this strategy" state={shown} className="col-span-full">
      <DataTable
        caption="Positions of this strategy"
        columns={COLUMNS}
        rows={strategy.positions}
        keyOf={(each) => `${each.connection_id} ${each.account_id} ${each.instrument_id}`}
      />
    </Panel>
  );
}
