import type { Run } from "@/api/queries/backtests";
import { METRICS, type Metric, type MetricValue, metricWords } from "./metrics";

export type ComparedMetric = {
  readonly metric: Metric;
  readonly words: readonly string[];
  /** Indices of the best runs; empty where no order is better, where all are equal, or where fewer than two are known. */
  readonly best: readonly number[];
};

/** Figures of which more is better, and of which less is. Of the others (costs aside) neither is. */
const HIGHER: ReadonlySet<string> = new Set([
  ..."total_return net_profit cagr sharpe sortino calmar omega win_rate profit_factor expectancy".split(" "),
  ..."average_win average_loss payoff_ratio best_trade worst_trade sqn".split(" "),
]);
const LOWER: ReadonlySet<string> = new Set([
  ..."annual_volatility value_at_risk_95 conditional_value_at_risk_95 max_drawdown max_drawdown_money".split(
    " ",
  ),
  ..."max_drawdown_duration average_drawdown average_drawdown_duration time_under_water ulcer_index".split(
    " ",
  ),
  ..."max_consecutive_losses fees_paid".split(" "),
]);

/** The figures of several runs side by side, in the order of the definitions. */
export function compareMetrics(runs: readonly Pick<Run, "metrics">[]): readonly ComparedMetric[] {
  return METRICS.map((metric) => {
    const values = runs.map(({ metrics }) => metrics?.[metric.name]);
    return {
      metric,
      words: values.map((value) => metricWords(metric, value)),
      best: bestOf(metric.name, values),
    };
  });
}

function bestOf(name: string, values: readonly MetricValue[]): readonly number[] {
  const direction = HIGHER.has(name) ? 1 : LOWER.has(name) ? -1 : 0;
  const known = values.filter((value): value is number => typeof value === "number");
  if (direction === 0 || known.length < 2 || new Set(known).size === 1) return [];
  const best = direction * Math.max(...known.map((value) => direction * value));
  return values.flatMap((value, index) => (value === best ? [index] : []));
}

export type Difference = { readonly name: string; readonly values: readonly string[] };

/** In what the requests of the runs differ: what may explain that their figures do. */
export function differencesOf(runs: readonly Pick<Run, "request">[]): readonly Difference[] {
  const flats = runs.map(({ request }) => requestFacts(request));
  const names = [...new Set(flats.flatMap((flat) => [...flat.keys()]))];
  return names
    .map((name) => ({ name, values: flats.map((flat) => flat.get(name) ?? "\u2014") }))
    .filter(({ values }) => new Set(values).size > 1);
}

/** What was asked for, part by part: `fees.taker` is a part of its own. */
export function requestFacts(request: unknown, path = ""): ReadonlyMap<string, string> {
  if (typeof request !== "object" || request === null || Array.isArray(request))
    return new Map([[path, typeof request === "string" ? request : JSON.stringify(request)]]);
  return new Map(
    Object.entries(request).flatMap(([name, part]) => [
      ...requestFacts(part, path === "" ? name : `${path}.${name}`),
    ]),
  );
}
