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
  type UTCTimestamp,
} from "lightweight-charts";
import type { Bar } from "@/api/queries/bars";
import { type Candle, candleOf, type Volume, volumeOf } from "./candles";
import type { PriceMark } from "./lines";
import type { Palette } from "./palette";

export type FillMark = { readonly time: UTCTimestamp; readonly side: "buy" | "sell"; readonly text: string };

/** The chart on its canvas: candles, volume, lines and marks, drawn without React. */
export class Board {
  private readonly chart: IChartApi;
  private readonly candles: ISeriesApi<"Candlestick">;
  private readonly volumes: ISeriesApi<"Histogram">;
  private readonly markers: ISeriesMarkersPluginApi<unknown>;
  private lines: IPriceLine[] = [];
  private newest: UTCTimestamp | null = null;

  constructor(
    place: HTMLElement,
    private palette: Palette,
  ) {
    this.chart = createChart(place, {
      autoSize: true,
      timeScale: { timeVisible: true, secondsVisible: true },
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
    for (const line of this.lines) this.candles.removePriceLine(line);
    this.lines = marks.map((mark) =>
      this.candles.createPriceLine({
        price: mark.price,
        title: mark.title,
        color: this.toneOf(mark.tone),
        lineStyle: mark.isDashed ? LineStyle.Dashed : LineStyle.Solid,
        lineWidth: 1,
      }),
    );
  }

  showFills(fills: readonly FillMark[]): void {
    const markers: SeriesMarker<UTCTimestamp>[] = fills.map((fill) => ({
      time: fill.time,
      position: fill.side === "buy" ? "belowBar" : "aboveBar",
      shape: fill.side === "buy" ? "arrowUp" : "arrowDown",
      color: fill.side === "buy" ? this.palette.up : this.palette.down,
      text: fill.text,
    }));
    this.markers.setMarkers(markers as SeriesMarker<unknown>[]);
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
