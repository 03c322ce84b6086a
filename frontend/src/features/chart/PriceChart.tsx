import { useEffect, useMemo, useRef, useState } from "react";
import type { Schemas } from "@/api/client";
import { type Timeframe, useBars } from "@/api/queries/bars";
import type { Instrument } from "@/api/queries/instruments";
import { useUi } from "@/app/ui-state";
import { decimal, decimalsOf } from "@/domain/decimal";
import { useRows, useTrust } from "@/stream/hooks";
import { barsChannel } from "@/stream/protocol";
import { streamStore } from "@/stream/store";
import { Board } from "./board";
import { joined } from "./candles";
import { orderMarks, positionMarks } from "./lines";
import { fillMarks, type Mark } from "./marks";
import { letLinesMove } from "./move";
import { NewestBars } from "./NewestBars";
import { readPalette } from "./palette";
import { changedBars, streamedBars } from "./streamed";

type Props = {
  readonly connectionId: string;
  readonly instrument: Instrument;
  readonly timeframe: Timeframe;
  /** Show one strategy's orders and fills alone; positions are the account's. */
  readonly strategyId?: string;
  /** Marks beside the fills, oldest first. */
  readonly signals?: readonly Mark[];
  /** An order's line was moved to a price; without it lines stay where they are. */
  readonly onMove?: (orderId: string, price: string) => void;
};

const NO_MARKS: readonly Mark[] = [];

/** Candles with the user's orders, positions and fills; new bars go to the canvas past React. */
export function PriceChart(props: Props) {
  const { connectionId, instrument, timeframe, strategyId = null, signals = NO_MARKS, onMove } = props;
  const place = useRef<HTMLDivElement>(null);
  const [board, setBoard] = useState<Board | null>(null);
  const { theme, hasSafePair } = useUi();
  const { data: loaded, error, refetch } = useBars(connectionId, instrument.instrument_id, timeframe);
  const channel = barsChannel(connectionId, instrument.instrument_id, timeframe);
  useAfterInterruption(channel, refetch);

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
    board.setBars(joined(loaded, streamedBars(channel)));
    return streamStore.subscribe((state, before) => {
      if (state.channels[channel]?.rows === before.channels[channel]?.rows) return;
      const isPlaced = changedBars(channel, before, state).every((bar) => board.update(bar));
      if (!isPlaced) board.setBars(joined(loaded, streamedBars(channel)));
    });
  }, [board, loaded, channel, instrument.tick_size]);

  useEffect(() => {
    if (board === null || place.current === null || onMove === undefined) return;
    return letLinesMove(place.current, board, instrument, onMove);
  }, [board, instrument, onMove]);

  useLines(board, connectionId, instrument.instrument_id, strategyId);
  useHappened(board, connectionId, instrument.instrument_id, strategyId, signals);

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
      <NewestBars loaded={loaded} channel={channel} />
    </div>
  );
}

/** Keep the channel subscribed, and call `reload` when it is live again after a hole: bars may be missing. */
function useAfterInterruption(channel: string, reload: () => unknown): void {
  const { phase } = useTrust(channel);
  const wasInterrupted = useRef(false);
  useEffect(() => {
    if (phase === "gap" || phase === "refused") wasInterrupted.current = true;
    if (phase !== "live" || !wasInterrupted.current) return;
    wasInterrupted.current = false;
    reload();
  }, [phase, reload]);
}

function useLines(
  board: Board | null,
  connectionId: string,
  instrumentId: string,
  strategyId: string | null,
): void {
  const orders = useRows<Schemas["OrderAnswer"]>("orders");
  const positions = useRows<Schemas["PositionAnswer"]>("positions");
  const lines = useMemo(
    () =>
      strategyId === null
        ? [
            ...orderMarks(orders, connectionId, instrumentId),
            ...positionMarks(positions, connectionId, instrumentId),
          ]
        : orderMarks(
            orders.filter((order) => order.strategy_id === strategyId),
            connectionId,
            instrumentId,
          ),
    [orders, positions, connectionId, instrumentId, strategyId],
  );
  useEffect(() => board?.showLines(lines), [board, lines]);
}

function useHappened(
  board: Board | null,
  connectionId: string,
  instrumentId: string,
  strategyId: string | null,
  signals: readonly Mark[],
): void {
  const fills = useRows<Schemas["FillAnswer"]>("fills");
  const marks = useMemo(
    () =>
      [...fillMarks(fills, connectionId, instrumentId, strategyId), ...signals].sort(
        (a, b) => a.time - b.time,
      ),
    [fills, connectionId, instrumentId, strategyId, signals],
  );
  useEffect(() => board?.showMarks(marks), [board, marks]);
}
