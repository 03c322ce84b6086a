import { useEffect, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useUi } from "@/app/ui-state";
import { timeTick } from "@/domain/curve";

export type Line = {
  readonly name: string;
  readonly values: readonly (number | null)[];
  readonly tone: "accent" | "down";
};

type Props = {
  readonly label: string;
  readonly times: readonly number[];
  readonly line: Line;
  readonly height: number;
  /** How a value is written at the axis. */
  readonly format: (value: number) => string;
};

/** One curve over time (UTC), drawn on a canvas; what it shows is said in words by its label. */
export function LineChart({ label, times, line, height, format }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const { theme, hasSafePair } = useUi();

  // biome-ignore lint/correctness/useExhaustiveDependencies: colours are read from what theme and pair set
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const plot = new uPlot(
      options(element, line, height, format),
      [[...times], [...line.values]] as uPlot.AlignedData,
      element,
    );
    const observer = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.destroy();
    };
  }, [times, line, height, format, theme, hasSafePair]);

  return (
    <div ref={place} role="img" aria-label={label} className="isolate w-full" style={{ minHeight: height }} />
  );
}

function options(
  element: HTMLElement,
  line: Line,
  height: number,
  format: (value: number) => string,
): uPlot.Options {
  const style = getComputedStyle(element);
  const token = (name: string) => style.getPropertyValue(name).trim();
  const axis = {
    stroke: token("--muted"),
    grid: { stroke: token("--line"), width: 1 },
    ticks: { show: false },
  };
  const colour = token(line.tone === "accent" ? "--accent" : "--down-fill");
  return {
    width: element.clientWidth,
    height,
    legend: { show: false },
    tzDate: (second) => uPlot.tzDate(new Date(second * 1000), "Etc/UTC"),
    cursor: { points: { show: false } },
    scales: { y: { range: (_, low, high) => rangeOf(low, high) } },
    axes: [
      {
        ...axis,
        size: 30,
        values: (_, ticks, _axis, _space, step) => ticks.map((tick) => timeTick(tick, step)),
      },
      { ...axis, size: 76, space: 22, values: (_, ticks) => ticks.map(format) },
    ],
    series: [{}, { label: line.name, stroke: colour, fill: `${colour}22`, width: 1.5, spanGaps: false }],
  };
}

/** A little room around the curve; a flat one lies in the middle instead of at the foot of a made-up scale. */
function rangeOf(low: number | null, high: number | null): uPlot.Range.MinMax {
  if (low === null || high === null) return [null, null];
  if (low !== high) return uPlot.rangeNum(low, high, 0.1, false);
  const room = Math.abs(low) * 0.01 || 0.01;
  return [low - room, high + room];
}
