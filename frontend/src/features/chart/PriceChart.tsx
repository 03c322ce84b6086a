import { useEffect, useMemo, useRef, useState } from "react";
import type { Schemas } from "@/api/client";
import { type Bar, type Timeframe, useBars } from "@/api/queries/bars";
import type { Instrument } from "@/api/queries/instruments";
import { useUi } from "@/app/ui-state";
import { decimal, decimalsOf } from "@/domain/decimal";
import { useRows, useTrust } from "@/stream/hooks";
import { barsChannel } from "@/stream/protocol";
import { streamStore } from "@/stream/store";
import { Board, type FillMark } from "./board";
import { joined, timeOf } from "./candles";
import { orderMarks, positionMarks } from "./lines";
import { readPalette } from "./palette";

type Props = {
  readonly connectionId: string;
  readonly instrument: Instrument;
  readonly timeframe: Timeframe;
};

/** Candles with the user's orders, positions and fills; new bars go to the canvas past React. */
export function PriceChart({ connectionId, instrument, timeframe }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const [board, setBoard] = useState<Board | null>(null);
  const { theme, hasSafePair } = useUi();
  const { data: loaded, error } = useBars(connectionId, instrument.instrument_id, timeframe);
  const channel = barsChannel(connectionId, instrument.instrument_id, timeframe);
  useTrust(channel); // keeps the channel subscribed while the chart is on screen

  useEffect(() => {
    if (place.current === null) return;
    const made = new Board(place.current, readPalette(place.current));
    setBoard(made);
    return () => {
      setBoard(null);
      made.end();
    };
  }, []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the palette is read from what these set on the document
  useEffect(() => {
    if (board !== null && place.current !== null) board.paint(readPalette(place.current));
  }, [board, theme, hasSafePair]);

  useEffect(() => {
    if (board === null || loaded === undefined) return;
    const tick = decimal(instrument.tick_size);
    board.setTick(Number(instrument.tick_size), decimalsOf(tick));
    const streamed = () => barsOf(channel);
    board.setBars(joined(loaded, streamed()));
    return streamStore.subscribe((state, before) => {
      if (state.channels[channel]?.rows === before.channels[channel]?.rows) return;
      const isPlaced = streamed().every((bar) => board.update(bar));
      if (!isPlaced) board.setBars(joined(loaded, streamed()));
    });
  }, [board, loaded, channel, instrument.tick_size]);

  useMarks(board, connectionId, instrument.instrument_id);

  return (
    <div className="flex h-full min-h-60 flex-col">
      {error !== null && (
        <p role="alert" className="m-0 p-2 text-sm text-danger">
          No bars: {error.message}
        </p>
      )}
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset is for inputs; this groups a canvas and its link */}
      <div
        ref={place}
        role="group"
        aria-label={`Price chart of ${instrument.instrument_id}, ${timeframe}; the newest bars stand in a table below`}
        className="isolate min-h-0 flex-1"
      />
      <NewestBars bars={loaded} />
    </div>
  );
}

function barsOf(channel: string): readonly Bar[] {
  const rows = streamStore.getState().channels[channel]?.rows;
  return rows
    ? ([...rows.values()] as unknown as readonly Bar[]).toSorted((a, b) => (a.time < b.time ? -1 : 1))
    : [];
}

function useMarks(board: Board | null, connectionId: string, instrumentId: string): void {
  const orders = useRows<Schemas["OrderAnswer"]>("orders");
  const positions = useRows<Schemas["PositionAnswer"]>("positions");
  const fills = useRows<Schemas["FillAnswer"]>("fills");
  const marks = useMemo(
    () => [
      ...orderMarks(orders, connectionId, instrumentId),
      ...positionMarks(positions, connectionId, instrumentId),
    ],
    [orders, positions, connectionId, instrumentId],
  );
  const fillMarks = useMemo(
    () => fillMarksOf(fills, connectionId, instrumentId),
    [fills, connectionId, instrumentId],
  );
  useEffect(() => board?.showLines(marks), [board, marks]);
  useEffect(() => board?.showFills(fillMarks), [board, fillMarks]);
}

function fillMarksOf(
  fills: readonly Schemas["FillAnswer"][],
  connectionId: string,
  instrumentId: string,
): readonly FillMark[] {
  return fills
    .filter((fill) => fill.connection_id === connectionId && fill.instrument_id === instrumentId)
    .map((fill) => ({ time: timeOf(fill.time), side: fill.side, text: fill.quantity }))
    .sort((a, b) => a.time - b.time);
}

/** The chart in words, for whoever cannot see a canvas. */
function NewestBars({ bars }: { readonly bars: readonly Bar[] | undefined }) {
  return (
    <table className="sr-only">
      <caption>Newest bars</caption>
      <thead>
        <tr>
          {["Time (UTC)", "Open", "High", "Low", "Close", "Volume"].map((name) => (
            <th key={name} scope="col">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {(bars ?? []).slice(-20).map((bar) => (
          <tr key={bar.time}>
            <td>{bar.time}</td>
            <td>{bar.open}</td>
            <td>{bar.high}</td>
            <td>{bar.low}</td>
            <td>{bar.close}</td>
            <td>{bar.volume}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
