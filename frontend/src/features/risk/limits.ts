import type { Schemas } from "@/api/client";
import type { FieldProblem } from "@/api/problem";
import type { Limits, Use } from "@/api/queries/risk";
import { compare, type Decimal, decimal, divide, parseDecimal, toPlain } from "@/domain/decimal";
import { money } from "@/domain/format";

export type LimitName = keyof Limits;
type Kind = "money" | "quantity" | "fraction" | "seconds" | "count" | "switch";

export type LimitTerms = {
  readonly name: LimitName;
  readonly word: string;
  readonly kind: Kind;
  /** What a number means, beside its field. */
  readonly hint: string;
};

const MONEY = "in the account's currency";

/** Every limit of the server, in the order of docs/risk.md. */
export const LIMITS: readonly LimitTerms[] = [
  {
    name: "max_orders_per_second",
    word: "Orders per second",
    kind: "count",
    hint: "new orders of an account",
  },
  { name: "max_open_orders", word: "Working orders", kind: "count", hint: "of an account" },
  { name: "max_daily_loss", word: "Loss of the day", kind: "money", hint: `since 00:00 UTC, ${MONEY}` },
  { name: "max_drawdown", word: "Drawdown", kind: "fraction", hint: "fraction of the peak, 0.1 = 10 %" },
  { name: "max_account_exposure", word: "Exposure of the account", kind: "money", hint: MONEY },
  { name: "max_instrument_exposure", word: "Exposure of one instrument", kind: "money", hint: MONEY },
  { name: "max_order_notional", word: "Worth of one order", kind: "money", hint: MONEY },
  {
    name: "max_order_quantity",
    word: "Quantity of one order",
    kind: "quantity",
    hint: "in the instrument's unit",
  },
  {
    name: "price_collar",
    word: "Distance from the market",
    kind: "fraction",
    hint: "fraction beyond the opposite quote",
  },
  { name: "max_quote_age_s", word: "Age of the quote", kind: "seconds", hint: "seconds" },
  {
    name: "duplicate_window_s",
    word: "Same order again within",
    kind: "seconds",
    hint: "seconds; taken for a mistake",
  },
  { name: "session_hours", word: "Only in trading hours", kind: "switch", hint: "of the instrument" },
  {
    name: "reduce_only",
    word: "Positions may only be reduced",
    kind: "switch",
    hint: "nothing new is opened",
  },
];

/** A limit in words; null when there is none. */
export function limitWords(terms: LimitTerms, value: Limits[LimitName], currency: string): string | null {
  if (value === null || value === false) return null;
  if (value === true) return "yes";
  const text = String(value);
  switch (terms.kind) {
    case "money":
      return `${money(text, currency)} ${currency}`.trim();
    case "fraction":
      return percent(text);
    case "seconds":
      return `${text}\u2009s`;
    default:
      return text;
  }
}

function percent(text: string): string {
  const value = parseDecimal(text);
  if (value === null) return text;
  const shown = money(toPlain({ units: value.units * 100n, scale: value.scale }), "");
  return `${shown}\u2009%`;
}

export type LimitUse = {
  readonly terms: LimitTerms;
  readonly used: string;
  readonly allowed: string;
  /** Per mille of the limit, at most 1000, for the length of a bar; null = the use is not known. */
  readonly perMille: number | null;
  readonly level: "fine" | "near" | "reached" | "unknown";
};

const USED: readonly (readonly [LimitName, (use: Use) => string | null])[] = [
  ["max_daily_loss", (use) => use.daily_loss],
  ["max_drawdown", (use) => use.drawdown],
  ["max_account_exposure", (use) => use.exposure],
  ["max_open_orders", (use) => String(use.open_orders)],
  ["max_orders_per_second", (use) => String(use.orders_last_second)],
];

/** From here on a limit is called near. */
const NEAR_PER_MILLE = 800;

/** How much of its limits an account uses: those that are set and whose use the server tells. */
export function usesOf(use: Use): readonly LimitUse[] {
  return USED.flatMap(([name, read]) => {
    const terms = LIMITS.find((each) => each.name === name);
    const limit = use.limits[name];
    if (terms === undefined || limit === null || typeof limit === "boolean") return [];
    const used = atLeastZero(read(use));
    const allowed = limitWords(terms, limit, use.currency) ?? "";
    if (used === null)
      return [{ terms, used: "not known", allowed, perMille: null, level: "unknown" as const }];
    const share = shareOf(decimal(used), decimal(String(limit)));
    return [{ terms, used: limitWords(terms, used, use.currency) ?? "0", allowed, ...share }];
  });
}

/** A gain uses nothing of a loss limit. */
function atLeastZero(text: string | null): string | null {
  return text?.startsWith("-") ? "0" : text;
}

function shareOf(used: Decimal, limit: Decimal): Pick<LimitUse, "perMille" | "level"> {
  if (compare(used, limit) >= 0) return { perMille: 1000, level: "reached" };
  const perMille = Number(divide(used, limit, 3)?.units ?? 0n);
  return { perMille, level: perMille >= NEAR_PER_MILLE ? "near" : "fine" };
}

export type LimitsDraft = Readonly<Record<LimitName, string | boolean>>;

/** What the fields of a form show for the limits of a scope. */
export function draftOf(limits: Limits): LimitsDraft {
  const entries = LIMITS.map(({ name, kind }) => {
    const value = limits[name];
    return [name, kind === "switch" ? value === true : value === null ? "" : String(value)];
  });
  return Object.fromEntries(entries) as LimitsDraft;
}

/** The limits to send: an empty field and a switch that is off limit nothing. Counts that are none are sent as typed. */
export function limitsOf(draft: LimitsDraft): Schemas["LimitsRequest"] {
  const entries = LIMITS.flatMap(({ name, kind }): [string, unknown][] => {
    const value = draft[name];
    if (typeof value === "boolean") return value ? [[name, true]] : [];
    const text = value.trim();
    if (text === "") return [];
    return [[name, kind === "count" && /^\d+$/.test(text) ? Number(text) : text]];
  });
  return Object.fromEntries(entries) as Schemas["LimitsRequest"];
}

/** The server's words about each limit, by its name. */
export function limitErrors(problems: readonly FieldProblem[]): Readonly<Record<string, string>> {
  return Object.fromEntries(problems.map(({ field, message }) => [field.replace(/^limits\./, ""), message]));
}
