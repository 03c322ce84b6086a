import { useStore } from "zustand";
import type { Schemas } from "@/api/client";
import { age } from "@/domain/format";
import { modeOf } from "@/domain/mode";
import { useRows, useTrust } from "@/stream/hooks";
import { panelState } from "@/stream/panelState";
import { streamStore } from "@/stream/store";
import { ModeBadge } from "@/ui/ModeBadge";
import { Panel } from "@/ui/Panel";

type Connection = Schemas["ConnectionAnswer"];

/** One card per broker connection: what it is, how it is, what went wrong last. */
export function ConnectionCards() {
  const link = useStore(streamStore, (state) => state.link);
  const trust = useTrust("connections");
  const connections = useRows<Connection>("connections");
  const state = panelState(link, trust, {
    isEmpty: connections.length === 0,
    title: "No broker is connected",
    hint: "Connect one with POST /broker/connect.",
  });
  return (
    <Panel title="Brokers" state={state}>
      <ul className="m-0 grid list-none grid-cols-[repeat(auto-fill,minmax(18rem,1fr))] gap-2 p-2">
        {connections.map((connection) => (
          <Card key={connection.connection_id} connection={connection} />
        ))}
      </ul>
    </Panel>
  );
}

function Card({ connection }: { readonly connection: Connection }) {
  return (
    <li className="rounded-sm border border-line bg-raised p-2.5 text-sm">
      <h3 className="m-0 mb-1 flex items-center gap-2 text-base">
        {connection.connection_id}
        <ModeBadge mode={modeOf(connection, connection.accounts.find((account) => account.live) ?? null)} />
      </h3>
      <dl className="m-0 grid grid-cols-[auto_1fr] gap-x-3 gap-y-0.5">
        <dt className="text-muted">Status</dt>
        <dd className="m-0">{connection.status}</dd>
        <dt className="text-muted">Market data</dt>
        <dd className="m-0">{linkWords(connection.health.data)}</dd>
        <dt className="text-muted">Orders</dt>
        <dd className="m-0">{linkWords(connection.health.orders)}</dd>
        <dt className="text-muted">Accounts</dt>
        <dd className="m-0">{connection.accounts.map(accountWords).join(", ") || "none yet"}</dd>
      </dl>
      {connection.last_error !== null && (
        <p className="mt-2 mb-0 text-danger">{connection.last_error.detail}</p>
      )}
    </li>
  );
}

function linkWords(link: Schemas["LinkAnswer"]): string {
  const latency = link.latency_ms === null ? "" : `, ${link.latency_ms} ms`;
  return `${link.status} for ${age(link.since, Date.now())}${latency}`;
}

function accountWords(account: Schemas["ConnectionAccountAnswer"]): string {
  return `${account.account_id} (${account.mode}, ${account.currency})`;
}
