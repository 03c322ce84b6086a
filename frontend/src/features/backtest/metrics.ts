import type { Run } from "@/api/queries/backtests";
import { ABSENT, dateTime, MINUS, THIN_SPACE } from "@/domain/format";
import definitions from "./metrics.json";

/** One figure of a result, defined word for word as in docs/metrics.md. */
export type Metric = {
  readonly name: string;
  readonly title: string;
  readonly group: string;
  readonly unit: string;
  readonly definition: string;
};

export const METRICS: readonly Metric[] = definitions;
export const METRIC_GROUPS: readonly string[] = [...new Set(METRICS.map(({ group }) => group))];

export type MetricValue = NonNullable<Run["metrics"]>[string] | undefined;

/** A figure as a person reads it; a dash where it is undefined. Statistics are floats: nothing here is ever sent. */
export function metricWords({ unit }: Pick<Metric, "unit">, value: MetricValue): string {
  if (value === null || value === undefined) return ABSENT;
  if (typeof value === "string") return dateTime(value);
  switch (unit) {
    case "fraction":
      return `${fixed(value * 100, 2)}${THIN_SPACE}%`;
    case "money":
      return fixed(value, 2);
    case "count":
      return fixed(value, 0);
    case "seconds":
      return duration(value);
    default:
      return fixed(value, 3);
  }
}

function fixed(value: number, decimals: number): string {
  const rounded = Math.abs(value).toFixed(decimals);
  const [whole = "0", fraction] = rounded.split(".");
  const digits = whole.replace(/\B(?=(\d{3})+$)/g, THIN_SPACE);
  const sign = value < 0 && Number(rounded) !== 0 ? MINUS : "";
  return sign + (fraction === undefined ? digits : `${digits}.${fraction}`);
}

const UNITS: readonly (readonly [string, number])[] = [
  ["d", 86_400],
  ["h", 3_600],
  ["min", 60],
  ["s", 1],
];

/** Seconds in their two largest units: 16 d 18 h. */
function duration(seconds: number): string {
  const first = UNITS.findIndex(([, size]) => seconds >= size);
  if (first < 0) return `${fixed(seconds, 0)}${THIN_SPACE}s`;
  let rest = Math.round(seconds);
  return UNITS.slice(first, first + 2)
    .map(([unit, size]) => {
      const count = Math.floor(rest / size);
      rest -= count * size;
      return count === 0 ? "" : `${count}${THIN_SPACE}${unit}`;
    })
    .filter((part) => part !== "")
    .join(" ");
}
