import { useEffect, useState } from "react";
import { useStore } from "zustand";
import type { Schemas } from "@/api/client";
import type { Instrument } from "@/api/queries/instruments";
import { decimal, subtract, toPlain } from "@/domain/decimal";
import { price, quantity } from "@/domain/format";
import { useTrust, useValue } from "@/stream/hooks";
import { panelState } from "@/stream/panelState";
import { depthChannel } from "@/stream/protocol";
import { streamStore } from "@/stream/store";
import { Panel } from "@/ui/Panel";
import { FEWEST_LEVELS, type Level, ladderOf, levelsIn } from "./ladder";

type Props = {
  readonly connectionId: string;
  readonly instrument: Instrument;
  /** A price was chosen: it fills the ticket, and sends nothing unless armed. */
  readonly onPrice: (price: string) => void;
  /** Whether a price sends the ticket at once. */
  readonly isArmed?: boolean;
};

/** The book around the spread; old books are hatched, a broker without books says so. */
export function DepthLadder({ connectionId, instrument, onPrice, isArmed = false }: Props) {
  const channel = depthChannel(connectionId, instrument.instrument_id);
  const link = useStore(streamStore, (state) => state.link);
  const trust = useTrust(channel);
  const depth = useValue<Schemas["DepthAnswer"]>(channel);
  const state = panelState(link, trust, {
    isEmpty: depth === null || (depth.bids.length === 0 && depth.asks.length === 0),
    title: "The book is empty",
    hint: "The broker shows no orders on either side.",
  });
  const [place, setPlace] = useState<HTMLElement | null>(null);
  const levels = useFittingLevels(place);
  const { bids, asks } = ladderOf(depth?.bids ?? [], depth?.asks ?? [], levels);
  const rows = { instrument, onPrice, isArmed };
  return (
    <Panel
      title="Depth"
      state={state}
      className={isArmed ? "border-warn!" : ""}
      actions={isArmed && <span className="text-xs font-semibold text-warn">one click sends</span>}
    >
      <div ref={setPlace} className="h-full overflow-hidden max-xl:min-h-72">
        <table className="w-full border-collapse font-mono text-sm">
          <thead className="text-xs text-muted">
            <tr>
              <th scope="col" className="num px-2 font-normal">
                Price {instrument.quote}
              </th>
              <th scope="col" className="num px-2 font-normal">
                Size {instrument.quantity_unit}
              </th>
            </tr>
          </thead>
          <tbody>
            {asks.map((level) => (
              <Row key={`ask ${level.price}`} level={level} side="ask" {...rows} />
            ))}
            <Spread bids={bids} asks={asks} tick={instrument.tick_size} />
            {bids.map((level) => (
              <Row key={`bid ${level.price}`} level={level} side="bid" {...rows} />
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}

/** As many levels a side as there is room for, so that the spread is always in sight. */
function useFittingLevels(place: HTMLElement | null): number {
  const [levels, setLevels] = useState(FEWEST_LEVELS);
  useEffect(() => {
    if (place === null) return;
    const observer = new ResizeObserver(() => setLevels(levelsIn(place.clientHeight)));
    observer.observe(place);
    return () => observer.disconnect();
  }, [place]);
  return levels;
}

type RowProps = Pick<Props, "instrument" | "onPrice"> & {
  readonly isArmed: boolean;
  readonly level: Level;
  readonly side: "bid" | "ask";
};

function Row({ level, side, instrument, onPrice, isArmed }: RowProps) {
  const colour = side === "bid" ? "text-up" : "text-down";
  const fill = side === "bid" ? "var(--up-fill)" : "var(--down-fill)";
  const width = `${(level.share * 100).toFixed(1)}%`;
  return (
    <tr
      style={{
        background: `linear-gradient(to left, color-mix(in srgb, ${fill} 22%, transparent) ${width}, transparent ${width})`,
      }}
    >
      <td className={`num p-0 ${colour}`}>
        <button
          type="button"
          className="num w-full cursor-pointer border-0 bg-transparent px-2 py-0.5 text-inherit hover:bg-raised"
          onClick={() => onPrice(level.price)}
        >
          <span className="sr-only">{side} </span>
          {price(level.price, instrument.tick_size)}
          <span className="sr-only">
            : {isArmed ? "send the ticket at this price" : "put the price into the ticket"}
          </span>
        </button>
      </td>
      <td className="num px-2">{quantity(level.size, instrument.lot_step)}</td>
    </tr>
  );
}

function Spread({
  bids,
  asks,
  tick,
}: {
  readonly bids: readonly Level[];
  readonly asks: readonly Level[];
  readonly tick: string;
}) {
  const bid = bids[0];
  const ask = asks[asks.length - 1];
  const spread =
    bid === undefined || ask === undefined ? null : toPlain(subtract(decimal(ask.price), decimal(bid.price)));
  return (
    <tr className="border-y border-line">
      <td className="num px-2 py-0.5 text-xs text-muted" colSpan={2}>
        spread {price(spread, tick)}
      </td>
    </tr>
  );
}
