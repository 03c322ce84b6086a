import { X } from "lucide-react";
import type { Schemas } from "@/api/client";
import { useInstrument } from "@/api/queries/instruments";
import { useUi } from "@/app/ui-state";
import { price } from "@/domain/format";
import { useTrust, useValue } from "@/stream/hooks";
import { quotesChannel } from "@/stream/protocol";
import { Button } from "@/ui/Button";
import { LIVE, Panel, type PanelState } from "@/ui/Panel";
import { InstrumentSearch } from "./InstrumentSearch";
import { isSame, type Market } from "./market";

const EMPTY: PanelState = {
  kind: "empty",
  title: "Nothing is watched",
  hint: "Search for an instrument of a connected broker and it stands here.",
};

/** The markets the user follows; choosing one shows it on the whole screen. */
export function Watchlist() {
  const { watchlist, market, set } = useUi();

  function choose(chosen: Market): void {
    const isKnown = watchlist.some((each) => isSame(each, chosen));
    set({ market: chosen, watchlist: isKnown ? watchlist : [...watchlist, chosen] });
  }

  return (
    <div className="flex min-h-0 flex-col gap-2">
      <InstrumentSearch onChoose={choose} />
      <Panel title="Watchlist" state={watchlist.length === 0 ? EMPTY : LIVE} className="flex-1">
        <ul className="m-0 list-none p-0">
          {watchlist.map((each) => (
            <WatchedMarket
              key={`${each.connectionId} ${each.instrumentId}`}
              watched={each}
              isShown={market !== null && isSame(each, market)}
              onChoose={() => choose(each)}
              onRemove={() => set({ watchlist: watchlist.filter((other) => !isSame(other, each)) })}
            />
          ))}
        </ul>
      </Panel>
    </div>
  );
}

type RowProps = {
  readonly watched: Market;
  readonly isShown: boolean;
  readonly onChoose: () => void;
  readonly onRemove: () => void;
};

function WatchedMarket({ watched, isShown, onChoose, onRemove }: RowProps) {
  return (
    <li className={`flex items-center border-b border-line ${isShown ? "bg-raised" : ""}`}>
      <button
        type="button"
        onClick={onChoose}
        aria-current={isShown}
        className="grid min-w-0 flex-1 cursor-pointer grid-cols-[1fr_auto] items-baseline gap-x-2 border-0 bg-transparent px-2 py-1 text-left text-ink"
      >
        <span className="col-span-2 text-sm font-medium break-words">{watched.instrumentId}</span>
        <span className="truncate text-xs text-muted">{watched.connectionId}</span>
        <QuoteText watched={watched} />
      </button>
      <Button
        look="quiet"
        aria-label={`Stop watching ${watched.instrumentId}`}
        onClick={onRemove}
        className="px-1"
      >
        <X size={14} aria-hidden />
      </Button>
    </li>
  );
}

/** A leaf of its own: it renders with every quote, its row does not. */
function QuoteText({ watched }: { readonly watched: Market }) {
  const channel = quotesChannel(watched.connectionId, watched.instrumentId);
  const quote = useValue<Schemas["TickerAnswer"]>(channel);
  const trust = useTrust(channel);
  const { data: instrument } = useInstrument(watched.connectionId, watched.instrumentId);
  const isOld = trust.phase !== "live" || quote === null || quote.stale;
  const shown = quote === null ? null : (quote.last ?? quote.mark ?? quote.bid);
  return (
    <span className={`num font-mono text-sm ${isOld ? "text-muted line-through" : ""}`}>
      {price(shown, instrument?.tick_size ?? "0.01")}
      {isOld && <span className="sr-only"> (not current)</span>}
    </span>
  );
}
