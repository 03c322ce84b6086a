import type { Run, RunRequest } from "@/api/queries/backtests";
import type { Timeframe } from "@/api/queries/bars";
import { compare, decimal, parseDecimal } from "@/domain/decimal";
import type { Scalar } from "@/ui/SchemaForm/schema";

/** What the form holds beside the parameters: decimals as they were typed. */
export type RunDraft = {
  readonly strategy: string;
  readonly source: "connection" | "dataset";
  readonly connectionId: string;
  readonly datasetId: string;
  readonly instrumentId: string;
  readonly timeframe: Timeframe;
  /** UTC as `datetime-local` writes it; empty = from the first, to the last. */
  readonly start: string;
  readonly end: string;
  readonly cash: string;
  readonly maker: string;
  readonly taker: string;
  readonly slippage: string;
  readonly spread: NonNullable<RunRequest["spread"]>;
  readonly fill: NonNullable<RunRequest["fill"]>;
  readonly seed: string;
  readonly limits: Readonly<Record<LimitName, string>>;
};

export type LimitName =
  | "max_daily_loss"
  | "max_drawdown"
  | "max_order_notional"
  | "max_instrument_exposure"
  | "max_open_orders";

export const LIMIT_WORDS: Readonly<Record<LimitName, { readonly word: string; readonly hint: string }>> = {
  max_daily_loss: { word: "Loss of a day", hint: "money, since 00:00 UTC" },
  max_drawdown: { word: "Drawdown", hint: "fraction of the peak, 0.1 = 10 %" },
  max_order_notional: { word: "Worth of one order", hint: "money" },
  max_instrument_exposure: { word: "Exposure", hint: "money" },
  max_open_orders: { word: "Working orders", hint: "count" },
};

export const LIMIT_NAMES = Object.keys(LIMIT_WORDS) as readonly LimitName[];

const NO_LIMITS = Object.fromEntries(LIMIT_NAMES.map((name) => [name, ""])) as RunDraft["limits"];

export const EMPTY_DRAFT: RunDraft = {
  strategy: "",
  source: "connection",
  connectionId: "",
  datasetId: "",
  instrumentId: "",
  timeframe: "5m",
  start: "",
  end: "",
  cash: "10000",
  maker: "0",
  taker: "0",
  slippage: "0",
  spread: "none",
  fill: "next_open",
  seed: "0",
  limits: NO_LIMITS,
};

/** The body of `POST /backtest/run`. What was left empty is left out. */
export function runRequest(draft: RunDraft, parameters: Readonly<Record<string, Scalar>>): RunRequest {
  const limits = limitsOf(draft.limits);
  return {
    strategy: draft.strategy,
    parameters: { ...parameters },
    instrument_id: draft.instrumentId,
    timeframe: draft.timeframe,
    data:
      draft.source === "dataset" ? { dataset_id: draft.datasetId } : { connection_id: draft.connectionId },
    ...(draft.start === "" ? {} : { start: utc(draft.start) }),
    ...(draft.end === "" ? {} : { end: utc(draft.end) }),
    initial_cash: draft.cash,
    fees: { maker: draft.maker || "0", taker: draft.taker || "0" },
    slippage: draft.slippage || "0",
    spread: draft.spread,
    fill: draft.fill,
    seed: Number(draft.seed || "0"),
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
  };
}

function limitsOf(typed: RunDraft["limits"]): NonNullable<RunRequest["limits"]> {
  const set = LIMIT_NAMES.filter((name) => typed[name] !== "");
  return Object.fromEntries(
    set.map((name) => [name, name === "max_open_orders" ? Number(typed[name]) : typed[name]]),
  );
}

/** A `datetime-local` value, taken as UTC. */
function utc(local: string): string {
  return `${local.length === 16 ? `${local}:00` : local}Z`;
}

type Errors = Readonly<Record<string, string>>;

/** What keeps a draft from being sent, by the API's names of the fields. */
export function runErrors(draft: RunDraft): Errors {
  const errors: Record<string, string> = {};
  if (draft.strategy === "") errors.strategy = "choose a strategy";
  if (draft.source === "dataset" && draft.datasetId === "") errors["data.dataset_id"] = "choose a dataset";
  if (draft.source === "connection" && draft.connectionId === "")
    errors["data.connection_id"] = "choose a connection";
  if (draft.instrumentId === "") errors.instrument_id = "choose an instrument";
  const cash = parseDecimal(draft.cash);
  if (cash === null || compare(cash, decimal("0")) <= 0) errors.initial_cash = "must be an amount above 0";
  for (const [field, text] of [
    ["fees.maker", draft.maker],
    ["fees.taker", draft.taker],
    ["slippage", draft.slippage],
  ] as const)
    if (!isFraction(text)) errors[field] = "must be a fraction such as 0.0005";
  if (!/^\d{0,15}$/.test(draft.seed)) errors.seed = "must be a whole number";
  if (draft.start !== "" && draft.end !== "" && draft.start >= draft.end)
    errors.end = "must be after the start";
  for (const name of LIMIT_NAMES) {
    const text = draft.limits[name];
    const isRight =
      name === "max_open_orders" ? /^\d*$/.test(text) : text === "" || parseDecimal(text) !== null;
    if (!isRight) errors[`limits.${name}`] = "must be a number";
  }
  return errors;
}

function isFraction(text: string): boolean {
  if (text === "") return true;
  const value = parseDecimal(text);
  return value !== null && compare(value, decimal("1")) < 0 && compare(value, decimal("-1")) > 0;
}

/** The request of a run as it was sent: sent again it is the same run, seed included. */
export function sameAgain(run: Pick<Run, "request">): RunRequest {
  return run.request as unknown as RunRequest;
}
