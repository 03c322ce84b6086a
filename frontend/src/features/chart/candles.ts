import type { CandlestickData, HistogramData, UTCTimestamp } from "lightweight-charts";
import type { Bar } from "@/api/queries/bars";

export type Candle = CandlestickData<UTCTimestamp>;
export type Volume = HistogramData<UTCTimestamp>;

/** Seconds since 1970, as the chart counts. Prices become floats here, where a pixel is coarser than a float. */
export function timeOf(stamp: string): UTCTimestamp {
  return Math.floor(Date.parse(stamp) / 1000) as UTCTimestamp;
}

export function candleOf(bar: Bar): Candle {
  return {
    time: timeOf(bar.time),
    open: Number(bar.open),
    high: Number(bar.high),
    low: Number(bar.low),
    close: Number(bar.close),
  };
}

export function volumeOf(bar: Bar, colours: { readonly up: string; readonly down: string }): Volume {
  const isUp = Number(bar.close) >= Number(bar.open);
  return { time: timeOf(bar.time), value: Number(bar.volume), color: isUp ? colours.up : colours.down };
}

/**
 * Bars by their opening time, oldest first: what was loaded, overtaken by what the stream says of the same bar.
 * A stream that starts after a gap leaves the gap: nothing is made up.
 */
export function joined(loaded: readonly Bar[], streamed: readonly Bar[]): readonly Bar[] {
  const bars = new Map(loaded.map((bar) => [bar.time, bar]));
  for (const bar of streamed) bars.set(bar.time, bar);
  return [...bars.values()].sort((a, b) => (a.time < b.time ? -1 : 1));
}
