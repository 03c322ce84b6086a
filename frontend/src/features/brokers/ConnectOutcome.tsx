import { useRef } from "react";
import { type Connection, useDisconnect } from "@/api/queries/connections";
import { modeOf } from "@/domain/mode";
import { useRow } from "@/stream/hooks";
import { Button } from "@/ui/Button";
import { Dialog } from "@/ui/Dialog";
import { ModeBadge } from "@/ui/ModeBadge";
import { ProblemNote } from "@/ui/ProblemNote";
import { linkWords, moneyWords } from "./connection-words";

type Props = { readonly connected: Connection; readonly onClose: () => void };

/** What the broker reported after the log-in, and the choice to keep the connection or not. */
export function ConnectOutcome({ connected, onClose }: Props) {
  const connection = useRow<Connection>("connections", connected.connection_id) ?? connected;
  const keep = useRef<HTMLButtonElement>(null);
  const remove = useDisconnect();
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={`${connection.connection_id} is connected`}
      description="This is what the broker reports. Keep it only if it is the account that you mean."
      firstFocus={keep}
    >
      <ul className="m-0 mb-3 flex list-none flex-col gap-2 p-0">
        {connection.accounts.map((account) => {
          const mode = modeOf(connection, account);
          return (
            <li key={account.account_id} className="rounded-sm border border-line bg-raised p-2.5 text-sm">
              <div className="flex flex-wrap items-center gap-2">
                <ModeBadge mode={mode} />
                <span className="font-semibold break-all">{account.account_id}</span>
                <span className="text-muted">
                  {account.currency}, {account.mode}
                </span>
              </div>
              <div className={mode === "live" ? "text-danger" : "text-muted"}>
                {moneyWords(connection, mode)}
              </div>
            </li>
          );
        })}
        {connection.accounts.length === 0 && <li className="text-sm">The broker reports no account.</li>}
      </ul>
      <dl className="m-0 mb-3 grid grid-cols-[auto_1fr] gap-x-3 gap-y-0.5 text-sm">
        <dt className="text-muted">Status</dt>
        <dd className="m-0">{connection.status}</dd>
        <dt className="text-muted">Orders</dt>
        <dd className="m-0">{linkWords(connection.health.orders, Date.now())}</dd>
        <dt className="text-muted">Market data</dt>
        <dd className="m-0">{linkWords(connection.health.data, Date.now())}</dd>
        <dt className="text-muted">Products</dt>
        <dd className="m-0">
          {Object.keys(connection.capabilities?.products ?? {}).join(", ") || "not told"}
        </dd>
      </dl>
      <ProblemNote error={remove.error} />
      <div className="flex justify-end gap-2">
        <Button
          disabled={remove.isPending}
          onClick={() => remove.mutate(connection.connection_id, { onSuccess: onClose })}
        >
          {remove.isPending ? "Removing" : "Remove it"}
        </Button>
        <Button ref={keep} look="accent" onClick={onClose}>
          Keep it
        </Button>
      </div>
    </Dialog>
  );
}
