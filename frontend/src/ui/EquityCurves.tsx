import { useMemo } from "react";
import { curveOf, drawdownOf } from "@/domain/curve";
import { MINUS } from "@/domain/format";
import { LineChart } from "./LineChart";

type Point = { readonly time: string; readonly equity: string | null };

/** Equity over time, and beneath it how far it lies below its highest before. */
export function EquityCurves({ points }: { readonly points: readonly Point[] }) {
  const curve = useMemo(() => curveOf(points), [points]);
  const equity = useMemo(() => ({ name: "equity", values: curve.values, tone: "accent" as const }), [curve]);
  const falls = useMemo(
    () => ({ name: "drawdown", values: drawdownOf(curve.values), tone: "down" as const }),
    [curve],
  );
  return (
    <>
      <LineChart
        label={curveWords("Equity", curve.values, amount)}
        times={curve.times}
        line={equity}
        height={210}
        format={amount}
      />
      <LineChart
        label={curveWords("Drawdown", falls.values, percent)}
        times={curve.times}
        line={falls}
        height={115}
        format={percent}
      />
    </>
  );
}

/** A curve for those who do not see it: its ends and its newest value. */
export function curveWords(
  name: string,
  values: readonly (number | null)[],
  format: (value: number) => string,
): string {
  const known = values.filter((value) => value !== null);
  const last = known.at(-1);
  if (last === undefined) return `${name}: nothing known`;
  const lowest = known.reduce((low, value) => Math.min(low, value));
  const highest = known.reduce((high, value) => Math.max(high, value));
  return `${name}, ${known.length} points: lowest ${format(lowest)}, highest ${format(highest)}, last ${format(last)}`;
}

function amount(value: number): string {
  return value.toLocaleString("en", { maximumFractionDigits: 2 }).replace("-", MINUS);
}

function percent(value: number): string {
  return `${(value * 100).toFixed(2).replace("-", MINUS)} %`;
}
