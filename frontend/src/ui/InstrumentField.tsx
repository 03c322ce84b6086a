import { X } from "lucide-react";
import { type KeyboardEvent, useDeferredValue, useId, useState } from "react";
import { type Instrument, useInstrumentSearch } from "@/api/queries/instruments";
import { Button } from "./Button";
import { FIELD_LOOK, Field } from "./Field";

const MOST_FOUND = 8;

type Props = {
  readonly label: string;
  /** Where to search; null = nowhere yet. */
  readonly connectionId: string | null;
  readonly chosen: readonly string[];
  /** How a found instrument is written among the chosen. */
  readonly keyOf?: (instrument: Instrument) => string;
  readonly onChange: (chosen: readonly string[]) => void;
  /** With `most` 1 a choice replaces the one before. */
  readonly most: number;
  readonly error?: string | undefined;
};

/** Instruments of a connection, found by what is typed; arrows move, Enter chooses. */
export function InstrumentField(props: Props) {
  const { label, connectionId, chosen, most, onChange, error } = props;
  const keyOf = props.keyOf ?? ((instrument: Instrument) => instrument.instrument_id);
  const [text, setText] = useState("");
  const [marked, setMarked] = useState(0);
  const listId = useId();
  const query = useDeferredValue(text.trim());
  const search = useInstrumentSearch(query === "" ? null : connectionId, query);
  const found = query === "" ? [] : (search.data ?? []).slice(0, MOST_FOUND);
  const searchError = query === "" ? undefined : search.error?.message;

  function choose(instrument: Instrument): void {
    const key = keyOf(instrument);
    onChange(most === 1 ? [key] : [...new Set([...chosen, key])].slice(0, most));
    setText("");
    setMarked(0);
  }

  function onKeyDown(event: KeyboardEvent): void {
    const instrument = found[marked];
    if (event.key === "ArrowDown") setMarked(Math.min(marked + 1, found.length - 1));
    else if (event.key === "ArrowUp") setMarked(Math.max(marked - 1, 0));
    else if (event.key === "Enter" && instrument !== undefined) choose(instrument);
    else if (event.key === "Escape" && text !== "") setText("");
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  return (
    <div className="flex flex-col gap-1">
      <Field
        label={label}
        error={error ?? searchError}
        hint={hint(connectionId, query, search.isFetched, found)}
      >
        {({ id, describedBy }) => (
          <input
            id={id}
            type="search"
            role="combobox"
            autoComplete="off"
            aria-expanded={found.length > 0}
            aria-controls={found.length > 0 ? listId : undefined}
            aria-activedescendant={found[marked] === undefined ? undefined : `${listId}-${marked}`}
            aria-describedby={describedBy}
            aria-invalid={error !== undefined}
            disabled={connectionId === null}
            placeholder={chosen.length === 0 ? "Type to search" : "Search another"}
            value={text}
            onChange={(event) => {
              setText(event.target.value);
              setMarked(0);
            }}
            onKeyDown={onKeyDown}
            className={`${FIELD_LOOK} ${error === undefined ? "border-line" : "border-danger"}`}
          />
        )}
      </Field>
      <Found listId={listId} found={found} marked={marked} label={label} onChoose={choose} />
      <Chosen chosen={chosen} onRemove={(key) => onChange(chosen.filter((each) => each !== key))} />
    </div>
  );
}

function hint(connectionId: string | null, query: string, isFetched: boolean, found: readonly unknown[]) {
  if (connectionId === null) return "Choose a connection first.";
  return query !== "" && isFetched && found.length === 0 ? "Nothing found." : undefined;
}

type FoundProps = {
  readonly listId: string;
  readonly found: readonly Instrument[];
  readonly marked: number;
  readonly label: string;
  readonly onChoose: (instrument: Instrument) => void;
};

function Found({ listId, found, marked, label, onChoose }: FoundProps) {
  if (found.length === 0) return null;
  return (
    <div
      id={listId}
      role="listbox"
      aria-label={`Found: ${label}`}
      className="rounded-sm border border-line bg-surface"
    >
      {found.map((instrument, index) => (
        // biome-ignore lint/a11y/useFocusableInteractive: the focus stays in the field, which names the marked option
        // biome-ignore lint/a11y/useKeyWithClickEvents: the field takes the keys
        <div
          key={instrument.instrument_id}
          id={`${listId}-${index}`}
          role="option"
          aria-selected={index === marked}
          onClick={() => onChoose(instrument)}
          className={`flex min-h-7 cursor-pointer items-center justify-between gap-2 px-2 text-sm max-md:min-h-11 ${index === marked ? "bg-raised" : ""}`}
        >
          <span className="truncate">{instrument.instrument_id}</span>
          <span className="text-xs text-muted">{instrument.product}</span>
        </div>
      ))}
    </div>
  );
}

type ChosenProps = { readonly chosen: readonly string[]; readonly onRemove: (key: string) => void };

function Chosen({ chosen, onRemove }: ChosenProps) {
  return (
    <ul className="m-0 flex list-none flex-wrap gap-1 p-0 empty:hidden" aria-label="Chosen instruments">
      {chosen.map((key) => (
        <li key={key} className="flex items-center rounded-sm border border-line bg-raised pl-2 text-sm">
          {key}
          <Button
            look="quiet"
            aria-label={`Remove ${key}`}
            onClick={() => onRemove(key)}
            className="min-w-7 px-1 max-md:min-w-11"
          >
            <X size={13} aria-hidden />
          </Button>
        </li>
      ))}
    </ul>
  );
}
