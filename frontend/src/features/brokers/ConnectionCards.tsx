import { useState } from "react";
import { useSearchParams } from "react-router";
import { useStore } from "zustand";
import { type Connection, useNotReady } from "@/api/queries/connections";
import { useRows, useTrust } from "@/stream/hooks";
import { panelState } from "@/stream/panelState";
import { streamStore } from "@/stream/store";
import { Button } from "@/ui/Button";
import { Panel } from "@/ui/Panel";
import { useNow } from "@/ui/useNow";
import { BROKERS, type Broker, type Environment } from "./broker-terms";
import { CapabilityMatrix } from "./CapabilityMatrix";
import { ConnectionCard } from "./ConnectionCard";
import { ConnectWizard } from "./ConnectWizard";
import { DisconnectDialog } from "./DisconnectDialog";
import { FIRST_DRAFT, type WizardDraft } from "./wizard-request";

/** Every broker connection, and what the chosen one offers. */
export function ConnectionCards() {
  const link = useStore(streamStore, (state) => state.link);
  const trust = useTrust("connections");
  const connections = useRows<Connection>("connections");
  const { data: notReady } = useNotReady();
  const nowMs = useNow(1_000);
  const [parameters, setParameters] = useSearchParams();
  const [shownId, setShownId] = useState<string | null>(null);
  const [leavingId, setLeavingId] = useState<string | null>(null);
  const [again, setAgain] = useState<Connection | null>(null);
  const shown = connections.find((each) => each.connection_id === shownId) ?? connections[0];
  const isWizardOpen = parameters.has("connect") || again !== null;
  const state = panelState(link, trust, {
    isEmpty: connections.length === 0,
    title: "No broker is connected",
    hint: "Connect one: the simulators of this machine need no account and no key.",
  });

  function closeWizard(): void {
    setAgain(null);
    setParameters({}, { replace: true });
  }

  return (
    <div className="flex flex-col gap-2">
      <Panel
        title="Brokers"
        state={state}
        actions={
          <Button look="accent" needs="admin" onClick={() => setParameters({ connect: "" })}>
            Connect a broker
          </Button>
        }
      >
        <ul className="m-0 grid list-none grid-cols-[repeat(auto-fill,minmax(min(20rem,100%),1fr))] gap-2 p-2">
          {connections.map((connection) => (
            <ConnectionCard
              key={connection.connection_id}
              connection={connection}
              notReady={(notReady ?? []).filter((each) => each.connection_id === connection.connection_id)}
              nowMs={nowMs}
              isShown={connection === shown}
              onShow={() => setShownId(connection.connection_id)}
              onAgain={() => setAgain(connection)}
              onDisconnect={() => setLeavingId(connection.connection_id)}
            />
          ))}
        </ul>
      </Panel>
      {shown !== undefined && <CapabilityMatrix connection={shown} />}
      {leavingId !== null && <DisconnectDialog connectionId={leavingId} onClose={() => setLeavingId(null)} />}
      {isWizardOpen && (
        <ConnectWizard
          first={again === null ? FIRST_DRAFT : draftAgain(again)}
          replaces={again?.connection_id ?? null}
          onClose={closeWizard}
        />
      )}
    </div>
  );
}

/** The choices of a connection that exists; its credentials are not known here. */
function draftAgain({ connection_id, broker, environment, execution }: Connection): WizardDraft {
  const terms = BROKERS[broker as Broker];
  return {
    broker: broker as Broker,
    environment: environment as Environment,
    execution: execution === "local" ? "local" : "broker",
    connectionId: connection_id,
    way: terms.ways[0]?.key ?? "",
    values: {},
  };
}
