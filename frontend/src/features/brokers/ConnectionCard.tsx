import type { ReactNode } from "react";
import type { Connection, NotReady } from "@/api/queries/connections";
import { dateTime, timeOfDay } from "@/domain/format";
import { modeOf } from "@/domain/mode";
import { Button } from "@/ui/Button";
import { ModeBadge } from "@/ui/ModeBadge";
import { BROKERS, type Broker } from "./broker-terms";
import { linkWords, moneyWords } from "./connection-words";

type Props = {
  readonly connection: Connection;
  /** Why it takes no new orders; empty when it does. */
  readonly notReady: readonly NotReady[];
  readonly nowMs: number;
  readonly isShown: boolean;
  readonly onShow: () => void;
  readonly onAgain: () => void;
  readonly onDisconnect: () => void;
};

const MARKS: Readonly<Record<Connection["status"], { readonly mark: string; readonly colour: string }>> = {
  connected: { mark: "\u25cf", colour: "text-up" },
  reconciling: { mark: "\u25d0", colour: "text-warn" },
  connecting: { mark: "\u25cb", colour: "text-warn" },
  degraded: { mark: "\u25b2", colour: "text-warn" },
  disconnected: { mark: "\u2715", colour: "text-danger" },
  failed: { mark: "\u2715", colour: "text-danger" },
};

const MEANINGS: Readonly<Record<Connection["status"], string>> = {
  connected: "takes orders",
  reconciling: "compares its book with the broker's; no new orders yet",
  connecting: "logs in",
  degraded: "takes orders, but prices are down",
  disconnected: "the order link is down; it is dialled again by itself",
  failed: "needs you: see the error",
};

/** One connection: what it is, how it is, what went wrong last, what can be done. */
export function ConnectionCard({
  connection,
  notReady,
  nowMs,
  isShown,
  onShow,
  onAgain,
  onDisconnect,
}: Props) {
  const { connection_id, status, health, accounts, last_error } = connection;
  const live = accounts.find((account) => account.live) ?? null;
  const mode = modeOf(connection, live);
  const { mark, colour } = MARKS[status];
  return (
    <li
      className={`flex min-w-0 flex-col rounded-sm border bg-raised p-2.5 text-sm ${isShown ? "border-accent" : "border-line"}`}
    >
      <h3 className="m-0 mb-1 flex flex-wrap items-center gap-2 text-base">
        <span className="break-all">{connection_id}</span>
        <ModeBadge mode={mode} />
      </h3>
      <p className="m-0 mb-2">
        <span className={`font-semibold ${colour}`}>
          <span aria-hidden="true">{mark}</span> {status}
        </span>{" "}
        <span className="text-muted">{MEANINGS[status]}</span>
      </p>
      <dl className="m-0 grid grid-cols-[auto_minmax(0,1fr)] gap-x-3 gap-y-0.5">
        <Fact name="Broker">
          {BROKERS[connection.broker as Broker]?.word ?? connection.broker}, {connection.environment}
        </Fact>
        <Fact name="Money">{moneyWords(connection, mode)}</Fact>
        <Fact name="Orders">{linkWords(health.orders, nowMs)}</Fact>
        <Fact name="Market data">{linkWords(health.data, nowMs)}</Fact>
        <Fact name="Log-in">
          {connection.connected_at === null ? "not yet" : `${dateTime(connection.connected_at)} UTC`}
        </Fact>
        <Fact name="Accounts">
          {accounts.length === 0
            ? "none told yet"
            : accounts.map((each) => `${each.account_id} (${each.currency}, ${each.mode})`).join("; ")}
        </Fact>
      </dl>
      {notReady.map(({ code, detail }) => (
        <p key={code} className="mt-2 mb-0 break-words text-warn">
          No new orders: {detail} <code className="text-xs">{code}</code>
        </p>
      ))}
      {last_error !== null && (
        <p className="mt-2 mb-0 break-words text-danger">
          {last_error.detail} <code className="text-xs">{last_error.code}</code>{" "}
          <span className="text-xs whitespace-nowrap">at {timeOfDay(last_error.time)} UTC</span>
        </p>
      )}
      <div className="mt-auto flex flex-wrap gap-1 pt-2.5">
        <Button onClick={onShow} aria-pressed={isShown} aria-label={`What it offers: ${connection_id}`}>
          What it offers
        </Button>
        <Button needs="admin" onClick={onAgain} aria-label={`Connect again: ${connection_id}`}>
          Connect again
        </Button>
        <Button needs="admin" onClick={onDisconnect} aria-label={`Disconnect ${connection_id}`}>
          Disconnect
        </Button>
      </div>
    </li>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <>
      <dt className="text-muted">{name}</dt>
      <dd className="m-0 break-words">{children}</dd>
    </>
  );
}
