import { useState } from "react";
import type { Schemas } from "@/api/client";
import { type Movement, useLedger } from "@/api/queries/journal";
import { useRows } from "@/stream/hooks";
import { Button } from "@/ui/Button";
import { type Column, DataTable } from "@/ui/DataTable";
import { FIELD_LOOK, Field } from "@/ui/Field";
import { Panel } from "@/ui/Panel";
import { queryState } from "@/ui/queryState";
import { Signed } from "@/ui/Signed";
import { Stamp } from "@/ui/Stamp";

const COLUMNS: readonly Column<Movement>[] = [
  { name: "Time UTC", cell: (row) => <Stamp at={row.time} /> },
  { name: "Kind", cell: (row) => row.kind },
  { name: "Amount", isNumber: true, cell: (row) => <Signed amount={row.amount} currency={row.currency} /> },
  { name: "Currency", cell: (row) => row.currency },
  { name: "Instrument", isMinor: true, cell: (row) => row.instrument_id ?? "" },
  { name: "Connection", isMinor: true, cell: (row) => row.connection_id },
  { name: "Account", isMinor: true, cell: (row) => row.account_id },
];

/** Money that came and went, apart from the price of trades. */
export function Ledger() {
  const [connectionId, setConnectionId] = useState("");
  const connections = useRows<Schemas["ConnectionAnswer"]>("connections");
  const ledger = useLedger(connectionId === "" ? null : connectionId);
  const rows = ledger.data?.pages.flatMap((page) => page.movements) ?? [];
  const state = queryState(ledger, {
    isEmpty: rows.length === 0,
    title: "No cash has moved",
    hint: "Commissions, funding, swaps, dividends, interest, deposits and withdrawals come here.",
  });
  return (
    <div className="flex min-h-0 flex-1 flex-col gap-2">
      <Field label="Connection" className="w-44 max-md:w-full">
        {({ id }) => (
          <select
            id={id}
            value={connectionId}
            onChange={(event) => setConnectionId(event.target.value)}
            className={`border-line ${FIELD_LOOK}`}
          >
            <option value="">all</option>
            {connections.map(({ connection_id }) => (
              <option key={connection_id}>{connection_id}</option>
            ))}
          </select>
        )}
      </Field>
      <Panel title="Cash movements" state={state} className="min-h-80 flex-1">
        <div className="flex h-full flex-col">
          <div className="min-h-0 flex-1">
            <DataTable
              caption="Cash movements, newest first"
              columns={COLUMNS}
              rows={rows}
              keyOf={(row) => `${row.connection_id} ${row.account_id} ${row.movement_id}`}
            />
          </div>
          <div className="flex items-center gap-3 border-t border-line px-2.5 py-1 text-xs text-muted">
            <span role="status">
              {rows.length} movements{!ledger.hasNextPage && ", all there are"}
            </span>
            {ledger.hasNextPage && (
              <Button disabled={ledger.isFetchingNextPage} onClick={() => void ledger.fetchNextPage()}>
                Older ones
              </Button>
            )}
          </div>
        </div>
      </Panel>
    </div>
  );
}
