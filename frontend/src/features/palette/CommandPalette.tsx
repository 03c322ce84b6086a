import { Command } from "cmdk";
import { useDeferredValue, useState } from "react";
import { useNavigate } from "react-router";
import type { Schemas } from "@/api/client";
import { useInstrumentSearch } from "@/api/queries/instruments";
import { useOverlay } from "@/app/overlay";
import { PLACES } from "@/app/places";
import { useUi } from "@/app/ui-state";
import { useRows } from "@/stream/hooks";
import { Dialog } from "@/ui/Dialog";

type Connection = Schemas["ConnectionAnswer"];

/** Instruments shown of one connection. */
const MOST = 6;

/** Finds places, instruments of connected brokers and things to open. It opens; it never sends. */
export default function CommandPalette() {
  const show = useOverlay((overlay) => overlay.show);
  const [text, setText] = useState("");
  const query = useDeferredValue(text.trim());
  const connections = useRows<Connection>("connections").filter((each) => each.status === "connected");
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && show(null)}
      title="Find"
      description="A place, an instrument or something to open. Nothing here sends an order."
    >
      <Command label="Find" className="flex flex-col gap-2" loop>
        <Command.Input
          value={text}
          onValueChange={setText}
          aria-label="What to find"
          placeholder="Type a place, an instrument, an action"
          className="min-h-9 rounded-sm border border-line bg-raised px-2 text-sm text-ink max-md:min-h-11"
        />
        <Command.List className="max-h-[55dvh] min-h-24 overflow-auto" aria-label="Found">
          <Command.Empty className="p-3 text-sm text-muted">Nothing is called that.</Command.Empty>
          <Places />
          <Actions />
          {query !== "" &&
            connections.map(({ connection_id }) => (
              <Instruments key={connection_id} connectionId={connection_id} query={query} />
            ))}
        </Command.List>
      </Command>
    </Dialog>
  );
}

const ITEM =
  "flex min-h-9 cursor-pointer items-center justify-between gap-3 rounded-sm px-2 text-sm max-md:min-h-11 data-[selected=true]:bg-raised data-[selected=true]:shadow-[inset_2px_0_0_var(--accent)]";
const GROUP =
  "[&_[cmdk-group-heading]]:px-2 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-xs [&_[cmdk-group-heading]]:text-muted";

function Places() {
  const go = useGo();
  return (
    <Command.Group heading="Places" className={GROUP}>
      {PLACES.map(({ to, name, letter, icon: Icon }) => (
        <Command.Item key={to} value={`place ${name}`} onSelect={() => go(to)} className={ITEM}>
          <span className="flex items-center gap-2">
            <Icon size={14} aria-hidden />
            {name}
          </span>
          <kbd className="font-mono text-xs text-muted">g {letter}</kbd>
        </Command.Item>
      ))}
    </Command.Group>
  );
}

function Actions() {
  const go = useGo();
  const show = useOverlay((overlay) => overlay.show);
  const { theme, set } = useUi();
  const otherTheme = theme === "dark" ? "light" : "dark";

  function turn(): void {
    set({ theme: otherTheme });
    show(null);
  }

  const actions: readonly { readonly name: string; readonly run: () => void }[] = [
    { name: "Connect a broker\u2026", run: () => go("/brokers?connect") },
    { name: "Kill switch: stop all trading\u2026", run: () => show("kill") },
    { name: "Change risk limits", run: () => go("/risk") },
    { name: "Export the journal", run: () => go("/journal") },
    { name: `Use the ${otherTheme} theme`, run: turn },
    { name: "Keys: show the list", run: () => show("help") },
  ];
  return (
    <Command.Group heading="Open" className={GROUP}>
      {actions.map(({ name, run }) => (
        <Command.Item key={name} value={`open ${name}`} onSelect={run} className={ITEM}>
          {name}
        </Command.Item>
      ))}
    </Command.Group>
  );
}

function Instruments({ connectionId, query }: { readonly connectionId: string; readonly query: string }) {
  const go = useGo();
  const set = useUi((ui) => ui.set);
  const { data: found, error } = useInstrumentSearch(connectionId, query);
  if (error !== null)
    return (
      <p role="alert" className="m-0 px-2 py-1 text-xs text-danger">
        {connectionId}: {error.message}
      </p>
    );
  return (
    <Command.Group
      heading={`Instruments of ${connectionId}`}
      className={GROUP}
      forceMount={found?.length !== 0}
    >
      {(found ?? []).slice(0, MOST).map(({ instrument_id, product }) => (
        <Command.Item
          key={instrument_id}
          // The server has matched it already: what was typed is part of the value, so that nothing is filtered twice.
          value={`${query} ${instrument_id} ${connectionId}`}
          onSelect={() => {
            set({ market: { connectionId, instrumentId: instrument_id } });
            go("/trade");
          }}
          className={ITEM}
        >
          <span className="truncate">{instrument_id}</span>
          <span className="text-xs text-muted">{product}</span>
        </Command.Item>
      ))}
    </Command.Group>
  );
}

function useGo(): (to: string) => void {
  const navigate = useNavigate();
  const show = useOverlay((overlay) => overlay.show);
  return (to) => {
    show(null);
    navigate(to);
  };
}
