import type { Schemas } from "@/api/client";
import type { Limits } from "@/api/queries/risk";
import { quoteValue, type Terms } from "@/domain/contract";
import {
  absolute,
  compare,
  type Decimal,
  decimal,
  divide,
  floorToStep,
  negate,
  parseDecimal,
  subtract,
  ZERO,
} from "@/domain/decimal";
import { money } from "@/domain/format";
import type { Fault } from "./check";
import type { Side } from "./draft";
import { plainAt } from "./grid";

type Use = Pick<Schemas["UseAnswer"], "currency" | "exposure" | "limits">;

export type Facts = {
  readonly terms: Terms;
  readonly side: Side;
  readonly isReduceOnly: boolean;
  /** Held now, above 0 = long. */
  readonly held: Decimal;
  /** What working orders of the same side have left to fill. */
  readonly working: Decimal;
  /** Where the order would trade; null = not known. */
  readonly price: Decimal | null;
  readonly use: Use;
};

/** The most that one risk limit lets through now, and which limit it is. */
type Ceiling = { readonly most: Decimal; readonly words: string };

/**
 * The risk limit that a quantity exceeds most, with what remains of it; null = none that can be told here.
 *
 * The order is not stopped by it: limits move with every order and price, and the server decides. Limits in money are
 * told only where the account counts in the instrument's quote currency: nothing is converted here.
 */
export function overLimit(text: string, facts: Facts): Fault | null {
  const quantity = parseDecimal(text);
  if (quantity === null || quantity.units <= 0n || onlyReduces(quantity, facts)) return null;
  const exceeded = ceilingsOf(facts).filter(({ most }) => compare(quantity, most) > 0);
  const [lowest] = exceeded.sort((a, b) => compare(a.most, b.most));
  if (lowest === undefined) return null;
  const { terms } = facts;
  const step = decimal(terms.lot_step);
  const fitting = floorToStep(lowest.most.units < 0n ? ZERO : lowest.most, step);
  const isEnough = compare(fitting, decimal(terms.min_quantity)) >= 0;
  const room = isEnough ? `${plainAt(fitting, step)} ${terms.quantity_unit}` : "nothing";
  return { text: `${lowest.words}: ${room} fits now`, fixes: isEnough ? [plainAt(fitting, step)] : [] };
}

/** Getting out passes every limit. */
function onlyReduces(quantity: Decimal, { side, isReduceOnly, held }: Facts): boolean {
  if (isReduceOnly) return true;
  const isAgainst = side === "sell" ? held.units > 0n : held.units < 0n;
  return isAgainst && compare(quantity, absolute(held)) <= 0;
}

function ceilingsOf(facts: Facts): readonly Ceiling[] {
  const { max_order_quantity: most } = facts.use.limits;
  const ofOne = most === null ? [] : [{ most: decimal(most), words: "above the risk limit for one order" }];
  return [...ofOne, ...moneyCeilings(facts)];
}

function moneyCeilings(facts: Facts): readonly Ceiling[] {
  const { terms, price, use } = facts;
  if (price === null || use.currency !== terms.quote) return [];
  const one = quoteValue(terms, price, decimal("1"));
  return MONEY_LIMITS.flatMap(({ name, words, roomOf }) => {
    const limit = use.limits[name];
    const allowed = limit === null ? null : divide(decimal(limit), one, WORKING_SCALE);
    const most = allowed === null ? null : roomOf(allowed, one, facts);
    if (limit === null || most === null) return [];
    return [
      { most, words: `above the risk limit of ${money(limit, use.currency)} ${use.currency} ${words}` },
    ];
  });
}

const WORKING_SCALE = 18;

type MoneyLimit = {
  readonly name: "max_order_notional" | "max_instrument_exposure" | "max_account_exposure";
  readonly words: string;
  /** What is left of `allowed` for this order, both in quantity; null = not known. */
  readonly roomOf: (allowed: Decimal, one: Decimal, facts: Facts) => Decimal | null;
};

const MONEY_LIMITS: readonly MoneyLimit[] = [
  { name: "max_order_notional", words: "for one order", roomOf: (allowed) => allowed },
  {
    name: "max_instrument_exposure",
    words: "in this instrument",
    roomOf: (allowed, _, { side, held, working }) =>
      subtract(subtract(allowed, side === "buy" ? held : negate(held)), working),
  },
  {
    name: "max_account_exposure",
    words: "in the account",
    roomOf: (allowed, one, { use }) => {
      const used = use.exposure === null ? null : divide(decimal(use.exposure), one, WORKING_SCALE);
      return used === null ? null : subtract(allowed, used);
    },
  },
] satisfies readonly (MoneyLimit & { readonly name: keyof Limits })[];
