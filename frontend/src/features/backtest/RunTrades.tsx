import { type Trade, useRunTrades } from "@/api/queries/backtests";
import { decimal } from "@/domain/decimal";
import { ABSENT, dateTime, grouped } from "@/domain/format";
import { Button } from "@/ui/Button";
import { type Column, DataTable } from "@/ui/DataTable";
import { Panel } from "@/ui/Panel";
import { queryState } from "@/ui/queryState";
import { Signed } from "@/ui/Signed";

const COLUMNS: readonly Column<Trade>[] = [
  { name: "Entry UTC", cell: ({ entry_time }) => dateTime(entry_time) },
  { name: "Side", cell: ({ side }) => (side === "buy" ? "long" : "short") },
  { name: "Quantity", isNumber: true, cell: ({ quantity }) => exact(quantity) },
  { name: "Entry", isNumber: true, isMinor: true, cell: ({ entry_price }) => exact(entry_price) },
  { name: "Exit", isNumber: true, isMinor: true, cell: ({ exit_price }) => exact(exit_price) },
  { name: "Bars", isNumber: true, isMinor: true, cell: ({ bars_held }) => bars_held },
  { name: "Fees", isNumber: true, isMinor: true, cell: ({ fees }) => exact(fees) },
  { name: "Worst open", isNumber: true, isMinor: true, cell: ({ mae }) => exact(mae) },
  { name: "Best open", isNumber: true, isMinor: true, cell: ({ mfe }) => exact(mfe) },
  { name: "PnL after fees", isNumber: true, cell: ({ pnl }) => <Signed amount={pnl} currency="" /> },
];

function exact(value: string | null): string {
  return value === null ? ABSENT : grouped(decimal(value));
}

const EMPTY = { title: "No trade was closed", hint: "A position still open at the end is none." };

/** Closed round trips in the order of their entries, a page at a time. */
export function RunTrades({ runId }: { readonly runId: string }) {
  const trades = useRunTrades(runId);
  const rows = trades.data?.pages.flatMap((page) => page.trades) ?? [];
  return (
    <Panel
      title={`Trades${rows.length === 0 ? "" : `: ${trades.hasNextPage ? "first " : ""}${rows.length}`}`}
      state={queryState(trades, { isEmpty: rows.length === 0, ...EMPTY })}
      actions={
        trades.hasNextPage && (
          <Button disabled={trades.isFetchingNextPage} onClick={() => void trades.fetchNextPage()}>
            Show more
          </Button>
        )
      }
      className="max-h-[28rem]"
    >
      <DataTable
        caption="Trades"
        columns={COLUMNS}
        rows={rows}
        keyOf={(trade) =>
          `${trade.entry_time} ${trade.exit_time} ${trade.side} ${trade.quantity} ${trade.pnl}`
        }
      />
    </Panel>
  );
}
