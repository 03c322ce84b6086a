/** Equity over time as a chart draws it: seconds since 1970 and numbers, null where the broker told none. */
export type Curve = { readonly times: readonly number[]; readonly values: readonly (number | null)[] };

type Point = { readonly time: string; readonly equity: string | null };

export function curveOf(points: readonly Point[]): Curve {
  return {
    times: points.map((point) => Date.parse(point.time) / 1000),
    values: points.map((point) => (point.equity === null ? null : Number(point.equity))),
  };
}

/** How far each value lies below the highest one before it, as a fraction at or below 0; null where none is known. */
export function drawdownOf(values: readonly (number | null)[]): readonly (number | null)[] {
  let peak = Number.NEGATIVE_INFINITY;
  return values.map((value) => {
    if (value === null) return null;
    peak = Math.max(peak, value);
    return peak > 0 ? Math.min(0, value / peak - 1) : null;
  });
}

/** A time at an axis, UTC: the day where ticks are days apart, else the time of day with the day at midnight. */
export function timeTick(second: number, step: number): string {
  const stamp = new Date(second * 1000).toISOString();
  const isDay = step >= 86_400 || stamp.slice(11, 19) === "00:00:00";
  if (isDay) return stamp.slice(5, 10);
  return step < 60 ? stamp.slice(11, 19) : stamp.slice(11, 16);
}
