import { useState } from "react";
import { type Signal, type Strategy, useSignals } from "@/api/queries/strategies";
import { useServices } from "@/app/services";
import { decimal } from "@/domain/decimal";
import { ABSENT, dateTime, grouped } from "@/domain/format";
import { Button } from "@/ui/Button";
import { type Column, DataTable } from "@/ui/DataTable";
import { Panel } from "@/ui/Panel";
import { queryState } from "@/ui/queryState";
import { SignalSecret } from "./SignalSecret";
import { webhookAddress } from "./webhook";

const STATE_LOOKS: Readonly<Record<Signal["state"], { readonly sign: string; readonly colour: string }>> = {
  accepted: { sign: "\u2026", colour: "text-order-sent" },
  acted: { sign: "\u2713", colour: "text-ink" },
  refused: { sign: "\u2715", colour: "text-danger" },
  expired: { sign: "\u231b", colour: "text-warn" },
};

const COLUMNS: readonly Column<Signal>[] = [
  { name: "Received UTC", cell: ({ received_at }) => dateTime(received_at) },
  { name: "Asks", cell: ({ action, instrument_id }) => `${action} ${instrument_id}` },
  { name: "Quantity", isNumber: true, cell: ({ quantity }) => shown(quantity) },
  {
    name: "Price",
    isNumber: true,
    isMinor: true,
    cell: ({ price }) => (price === null ? "market" : shown(price)),
  },
  {
    name: "Became",
    cell: ({ state, reason }) => (
      <span className={`whitespace-normal ${STATE_LOOKS[state].colour}`}>
        {STATE_LOOKS[state].sign} {state}
        {reason !== null && `: ${reason}`}
      </span>
    ),
  },
];

function shown(value: string | null): string {
  return value === null ? ABSENT : grouped(decimal(value));
}

/** Where alerts are posted, with which secret, and what became of each. */
export function StrategySignals({ strategy }: { readonly strategy: Strategy }) {
  const { config } = useServices();
  const signals = useSignals(strategy.strategy_id);
  const [isRenewing, setRenewing] = useState(false);
  const address = webhookAddress(config.api_path, window.location.href, strategy.strategy_id);
  return (
    <Panel
      title="Signals"
      state={queryState(signals)}
      actions={
        <Button needs="strategies" onClick={() => setRenewing(true)}>
          New secret
        </Button>
      }
      className="col-span-full"
    >
      <p className="m-0 p-2.5 text-sm">
        Alerts are posted to <code className="break-all">{address}</code>{" "}
        <Button
          look="quiet"
          aria-label="Copy the address of the webhook"
          onClick={() => void navigator.clipboard.writeText(address)}
        >
          Copy
        </Button>
        <span className="block text-muted">
          {strategy.state === "running"
            ? "Signals are taken while the strategy runs."
            : `Signals are refused now: the strategy is ${strategy.state}.`}
        </span>
      </p>
      {signals.data?.length === 0 ? (
        <p className="m-0 px-2.5 pb-2.5 text-sm text-muted">
          No signal came yet. Make a secret, put it with the address into the alert, and start the strategy.
        </p>
      ) : (
        <DataTable
          caption="Signals"
          columns={COLUMNS}
          rows={signals.data ?? []}
          keyOf={({ signal_id }) => signal_id}
        />
      )}
      {isRenewing && (
        <SignalSecret
          strategyId={strategy.strategy_id}
          address={address}
          onClose={() => setRenewing(false)}
        />
      )}
    </Panel>
  );
}
