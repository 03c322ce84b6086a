import { useStore } from "zustand";
import type { Schemas } from "@/api/client";
import type { Instrument } from "@/api/queries/instruments";
import { modeOf } from "@/domain/mode";
import { productOf } from "@/domain/products";
import { useRow, useTrust } from "@/stream/hooks";
import { panelState } from "@/stream/panelState";
import { streamStore } from "@/stream/store";
import { ModeBadge } from "@/ui/ModeBadge";
import { Panel } from "@/ui/Panel";
import { marketKey, useTicket } from "./store";
import { TicketForm } from "./TicketForm";
import { useTicketKeys } from "./useTicketKeys";

type Connection = Schemas["ConnectionAnswer"];

type Props = {
  readonly connectionId: string;
  readonly instrument: Instrument;
  readonly className?: string;
};

/** The order ticket of one market. What it offers is what the broker can do, as the server tells. */
export function Ticket({ connectionId, instrument, className = "" }: Props) {
  const link = useStore(streamStore, (state) => state.link);
  const trust = useTrust("connections");
  const connection = useRow<Connection>("connections", connectionId);
  const product = productOf(connection, instrument);
  const market = marketKey(connectionId, instrument.instrument_id);
  const { draft } = useTicket(market);
  useTicketKeys(market);
  const account = accountOf(connection, draft.accountId);
  const state = panelState(link, trust, {
    isEmpty: connection === null || product === null || account === null,
    title: "No orders here yet",
    hint: `${connectionId} has not told what it can trade. It does so when it is connected.`,
  });
  return (
    <Panel
      title="Ticket"
      state={state}
      className={className}
      actions={connection !== null && account !== null && <ModeBadge mode={modeOf(connection, account)} />}
    >
      {connection !== null && product !== null && account !== null && (
        <TicketForm
          key={market}
          market={market}
          connection={connection}
          account={account}
          product={product}
          terms={instrument}
        />
      )}
    </Panel>
  );
}

function accountOf(connection: Connection | null, accountId: string | null) {
  const accounts = connection?.accounts ?? [];
  return accounts.find((account) => account.account_id === accountId) ?? accounts[0] ?? null;
}
