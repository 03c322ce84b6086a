import type { Schemas } from "@/api/client";
import { useRows } from "@/stream/hooks";

type Connection = Schemas["ConnectionAnswer"];

const LOOKS: Readonly<Record<Connection["status"], { readonly mark: string; readonly colour: string }>> = {
  connected: { mark: "\u25cf", colour: "text-up" },
  reconciling: { mark: "\u25d0", colour: "text-warn" },
  connecting: { mark: "\u25cb", colour: "text-warn" },
  degraded: { mark: "\u25b2", colour: "text-warn" },
  disconnected: { mark: "\u2715", colour: "text-danger" },
  failed: { mark: "\u2715", colour: "text-danger" },
};

/** One mark per broker connection: shape and colour tell its status, the title the rest. */
export function BrokerDots() {
  const connections = useRows<Connection>("connections");
  return (
    <ul className="m-0 flex list-none gap-2 p-0 text-xs" aria-label="Broker connections">
      {connections.map((connection) => (
        <li key={connection.connection_id} title={sentence(connection)} className="whitespace-nowrap">
          <span aria-hidden="true" className={LOOKS[connection.status].colour}>
            {LOOKS[connection.status].mark}
          </span>{" "}
          <span className="max-lg:sr-only">{connection.connection_id}</span>
          <span className="sr-only">: {connection.status}</span>
        </li>
      ))}
    </ul>
  );
}

function sentence({ connection_id, status, health, last_error }: Connection): string {
  const latency = health.orders.latency_ms === null ? "" : `, orders ${health.orders.latency_ms} ms`;
  const cause = last_error === null ? "" : `. ${last_error.detail}`;
  return `${connection_id} is ${status}; data ${health.data.status}, orders ${health.orders.status}${latency}${cause}`;
}
