import { useDeferredValue, useId, useState } from "react";
import type { Schemas } from "@/api/client";
import { useInstrumentSearch } from "@/api/queries/instruments";
import { useRows } from "@/stream/hooks";
import type { Market } from "./market";

const MOST = 12;

/** Finds instruments of one connection by what is typed; arrows move, Enter chooses. */
export function InstrumentSearch({ onChoose }: { readonly onChoose: (market: Market) => void }) {
  const connections = useRows<Schemas["ConnectionAnswer"]>("connections");
  const [connectionId, setConnectionId] = useState<string | null>(null);
  const chosenId = connectionId ?? connections[0]?.connection_id ?? null;
  const [text, setText] = useState("");
  const query = useDeferredValue(text.trim());
  const { data: found, error } = useInstrumentSearch(query === "" ? null : chosenId, query);
  const [marked, setMarked] = useState(0);
  const listId = useId();
  const shown = (found ?? []).slice(0, MOST);

  function choose(instrumentId: string): void {
    if (chosenId !== null) onChoose({ connectionId: chosenId, instrumentId });
    setText("");
    setMarked(0);
  }

  return (
    <search className="relative flex flex-col gap-1">
      <label className="flex items-center gap-2 text-xs text-muted">
        Broker
        <select
          value={chosenId ?? ""}
          onChange={(event) => setConnectionId(event.target.value)}
          className="min-w-0 flex-1 rounded-sm border border-line bg-raised px-1 py-1 text-sm text-ink"
        >
          {connections.map((connection) => (
            <option key={connection.connection_id}>{connection.connection_id}</option>
          ))}
        </select>
      </label>
      <input
        type="search"
        role="combobox"
        aria-label="Search an instrument"
        aria-expanded={shown.length > 0}
        aria-controls={listId}
        aria-activedescendant={shown[marked] === undefined ? undefined : `${listId}-${marked}`}
        placeholder="Search an instrument"
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setMarked(0);
        }}
        onKeyDown={(event) => {
          if (event.key === "ArrowDown") setMarked(Math.min(marked + 1, shown.length - 1));
          else if (event.key === "ArrowUp") setMarked(Math.max(marked - 1, 0));
          else if (event.key === "Enter" && shown[marked] !== undefined) choose(shown[marked].instrument_id);
          else if (event.key === "Escape") setText("");
          else return;
          event.preventDefault();
        }}
        className="rounded-sm border border-line bg-raised px-2 py-1.5 text-sm text-ink"
      />
      <div id={listId} role="listbox" aria-label="Instruments" className={shown.length === 0 ? "" : LIST}>
        {shown.map((instrument, index) => (
          // biome-ignore lint/a11y/useFocusableInteractive: the focus stays in the field, which names the marked option
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field takes the keys
          <div
            key={instrument.instrument_id}
            id={`${listId}-${index}`}
            role="option"
            aria-selected={index === marked}
            onClick={() => choose(instrument.instrument_id)}
            className={`flex cursor-pointer justify-between gap-2 px-2 py-1.5 text-sm ${index === marked ? "bg-raised" : ""}`}
          >
            <span className="truncate">{instrument.instrument_id}</span>
            <span className="text-xs text-muted">{instrument.product}</span>
          </div>
        ))}
      </div>
      {error !== null && query !== "" && (
        <p role="alert" className="m-0 text-xs text-danger">
          {error.message}
        </p>
      )}
    </search>
  );
}

const LIST =
  "absolute top-full z-20 mt-1 max-h-80 w-full overflow-auto rounded-sm border border-line bg-surface shadow-lg";
