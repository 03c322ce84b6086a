import {
  CandlestickSeries,
  ColorType,
  createChart,
  createSeriesMarkers,
  HistogramSeries,
  type IChartApi,
  type IPriceLine,
  type ISeriesApi,
  type ISeriesMarkersPluginApi,
  LineStyle,
  type SeriesMarker,
  type SeriesMarkerShape,
  type UTCTimestamp,
} from "lightweight-charts";
import type { Bar } from "@/api/queries/bars";
import { type Candle, candleOf, type Volume, volumeOf } from "./candles";
import type { PriceMark } from "./lines";
import type { Mark } from "./marks";
import type { Palette } from "./palette";

/** So many of the newest marks keep their words: more of them cover the candles. */
const WORDED_MARKS = 30;

/** Bars of room at the right: the words of a mark at the newest bar would be cut off. */
const ROOM_FOR_WORDS = 10;

/** The chart on its canvas: candles, volume, lines and marks, drawn without React. */
export class Board {
  private readonly chart: IChartApi;
  private readonly candles: ISeriesApi<"Candlestick">;
  private readonly volumes: ISeriesApi<"Histogram">;
  private readonly markers: ISeriesMarkersPluginApi<unknown>;
  private lines: { readonly mark: PriceMark; readonly line: IPriceLine }[] = [];
  private moved: { readonly id: string; readonly price: number } | null = null;
  private newest: UTCTimestamp | null = null;

  constructor(
    place: HTMLElement,
    private palette: Palette,
  ) {
    this.chart = createChart(place, {
      autoSize: true,
      timeScale: { timeVisible: true, secondsVisible: true, rightOffset: ROOM_FOR_WORDS },
    });
    this.candles = this.chart.addSeries(CandlestickSeries);
    this.volumes = this.chart.addSeries(HistogramSeries, { priceFormat: { type: "volume" } }, 1);
    this.chart.panes()[1]?.setHeight(70);
    this.markers = createSeriesMarkers(this.candles) as ISeriesMarkersPluginApi<unknown>;
    this.paint(palette);
  }

  end(): void {
    this.chart.remove();
  }

  /** Take other colours on. */
  paint(palette: Palette): void {
    this.palette = palette;
    this.chart.applyOptions({
      layout: {
        background: { type: ColorType.Solid, color: palette.surface },
        textColor: palette.muted,
        panes: { separatorColor: palette.line },
      },
      grid: { vertLines: { color: palette.line }, horzLines: { color: palette.line } },
    });
    this.candles.applyOptions({
      upColor: palette.up,
      downColor: palette.down,
      wickUpColor: palette.up,
      wickDownColor: palette.down,
      borderVisible: false,
    });
  }

  /** Show prices with this step. */
  setTick(tick: number, decimals: number): void {
    this.candles.applyOptions({ priceFormat: { type: "price", minMove: tick, precision: decimals } });
  }

  /** Replace all bars, oldest first. */
  setBars(bars: readonly Bar[]): void {
    this.candles.setData(bars.map(candleOf) as Candle[]);
    this.volumes.setData(bars.map((bar) => volumeOf(bar, this.palette)) as Volume[]);
    const last = bars[bars.length - 1];
    this.newest = last === undefined ? null : candleOf(last).time;
  }

  /** Take a bar of the stream in; false when it is older than the newest one, which needs `setBars`. */
  update(bar: Bar): boolean {
    const candle = candleOf(bar);
    if (this.newest !== null && candle.time < this.newest) return false;
    this.candles.update(candle);
    this.volumes.update(volumeOf(bar, this.palette));
    this.newest = candle.time;
    return true;
  }

  showLines(marks: readonly PriceMark[]): void {
    for (const { line } of this.lines) this.candles.removePriceLine(line);
    this.lines = marks.map((mark) => ({
      mark,
      line: this.candles.createPriceLine({
        price: this.moved?.id === mark.id ? this.moved.price : mark.price,
        title: mark.title,
        color: this.toneOf(mark.tone),
        lineStyle: mark.isDashed ? LineStyle.Dashed : LineStyle.Solid,
        lineWidth: 1,
      }),
    }));
  }

  /** The line of an order within some pixels of a height in the price pane; null = none. */
  orderLineAt(y: number, within: number): PriceMark | null {
    const apart = ({ price }: PriceMark) => Math.abs((this.candles.priceToCoordinate(price) ?? -1e9) - y);
    const [nearest] = this.lines
      .map(({ mark }) => mark)
      .filter((mark) => mark.orderId !== null && apart(mark) <= within)
      .sort((a, b) => apart(a) - apart(b));
    return nearest ?? null;
  }

  /** The price at a height of the price pane; null outside of it. */
  priceAt(y: number): number | null {
    return this.candles.coordinateToPrice(y);
  }

  /** Show a line elsewhere than its order is, while it is moved; null = every line where its order is. */
  moveLine(moved: { readonly id: string; readonly price: number } | null): void {
    this.moved = moved;
    for (const { mark, line } of this.lines)
      line.applyOptions({ price: moved?.id === mark.id ? moved.price : mark.price });
  }

  /** Show what happened, oldest first: fills as arrows, signals as circles, refused ones as grey squares. */
  showMarks(marks: readonly Mark[]): void {
    const markers: SeriesMarker<UTCTimestamp>[] = marks.map((mark, index) => ({
      time: mark.time,
      position: mark.side === "sell" ? "aboveBar" : "belowBar",
      shape: shapeOf(mark),
      color: this.colourOf(mark),
      ...(index >= marks.length - WORDED_MARKS && { text: mark.text }),
    }));
    this.markers.setMarkers(markers as SeriesMarker<unknown>[]);
  }

  private colourOf({ kind, side }: Mark): string {
    if (kind === "refused") return this.palette.muted;
    return side === null ? this.palette.accent : side === "buy" ? this.palette.up : this.palette.down;
  }

  private toneOf(tone: PriceMark["tone"]): string {
    switch (tone) {
      case "buy":
        return this.palette.up;
      case "sell":
        return this.palette.down;
      case "position":
        return this.palette.accent;
      case "exit":
        return this.palette.warn;
    }
  }
}

function shapeOf({ kind, side }: Mark): SeriesMarkerShape {
  if (kind === "refused") return "square";
  return kind === "signal" ? "circle" : side === "sell" ? "arrowDown" : "arrowUp";
}
