import { Command } from "cmdk";
import { useDeferredValue, useState } from "react";
import type { Schemas } from "@/api/client";
import { useInstrumentSearches } from "@/api/queries/instrument-searches";
import { useOverlay } from "@/app/overlay";
import { useRows } from "@/stream/hooks";
import { Dialog } from "@/ui/Dialog";
import { grouped, markedKey, matchingEntries } from "./entries";
import { useEntries } from "./useEntries";

const ITEM =
  "flex min-h-9 cursor-pointer items-center justify-between gap-3 rounded-sm px-2 text-sm max-md:min-h-11 data-[selected=true]:bg-raised data-[selected=true]:shadow-[inset_2px_0_0_var(--accent)]";
const GROUP =
  "[&_[cmdk-group-heading]]:px-2 [&_[cmdk-group-heading]]:pt-2 [&_[cmdk-group-heading]]:pb-1 [&_[cmdk-group-heading]]:text-xs [&_[cmdk-group-heading]]:text-muted";

/** Finds places, instruments of connected brokers and things to open. It opens; it never sends. */
export default function CommandPalette() {
  const show = useOverlay((overlay) => overlay.show);
  const [text, setText] = useState("");
  const [marked, setMarked] = useState("");
  const query = useDeferredValue(text.trim());
  const connected = useRows<Schemas["ConnectionAnswer"]>("connections").filter(
    (connection) => connection.status === "connected",
  );
  const { instruments, errors } = useInstrumentSearches(
    connected.map((connection) => connection.connection_id),
    query,
  );
  const { known, found } = useEntries(instruments);
  const entries = [...matchingEntries(known, text), ...found];
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && show(null)}
      title="Find"
      description="A place, an instrument or something to open. Nothing here sends an order."
    >
      <Command
        label="Find"
        shouldFilter={false}
        value={markedKey(entries, marked)}
        onValueChange={setMarked}
        className="flex flex-col gap-2"
        loop
      >
        <Command.Input
          value={text}
          onValueChange={setText}
          placeholder="Type a place, an instrument, an action"
          className="min-h-9 rounded-sm border border-line bg-raised px-2 text-sm text-ink max-md:min-h-11"
        />
        <Command.List className="max-h-[55dvh] min-h-24 overflow-auto" label="Found">
          {entries.length === 0 && <p className="m-0 p-3 text-sm text-muted">Nothing is called that.</p>}
          {grouped(entries).map((group) => (
            <Command.Group key={group.name} heading={group.name} className={GROUP}>
              {group.entries.map((entry) => (
                <Command.Item key={entry.key} value={entry.key} onSelect={entry.run} className={ITEM}>
                  <span className="truncate">{entry.words}</span>
                  <span className="text-xs whitespace-nowrap text-muted">{entry.hint}</span>
                </Command.Item>
              ))}
            </Command.Group>
          ))}
        </Command.List>
        {errors.map((error) => (
          <p key={error} role="alert" className="m-0 text-xs break-words text-danger">
            {error}
          </p>
        ))}
      </Command>
    </Dialog>
  );
}
