import { isOnTick, quoteValue, type Terms, tickAt } from "@/domain/contract";
import { compare, type Decimal, decimal, isOnStep, parseDecimal, toPlain } from "@/domain/decimal";
import { type Draft, pricesOf } from "./draft";

export type FieldName =
  | "quantity"
  | "price"
  | "trigger"
  | "offset"
  | "expiresAt"
  | "takeProfit"
  | "stopLoss"
  | "stopLossLimit";

export type FieldErrors = Readonly<Partial<Record<FieldName, string>>>;

/**
 * What is wrong with a draft, by field, each with its remedy; the server's own rules in exact decimals.
 *
 * A field that is still empty is not an error to shout about: `missingOf` names those.
 */
export function errorsOf(draft: Draft, terms: Terms, nowMs: number): FieldErrors {
  const uses = pricesOf(draft.type);
  const errors: Record<FieldName, string | null> = {
    quantity: quantityError(draft, terms),
    price: uses.hasPrice ? priceError(draft.price, terms) : null,
    trigger: uses.mayHaveTrigger ? priceError(draft.trigger, terms) : null,
    offset: uses.hasOffset ? positiveError(draft.offset) : null,
    expiresAt: expiryError(draft, nowMs),
    takeProfit: priceError(draft.takeProfit, terms),
    stopLoss: priceError(draft.stopLoss, terms),
    stopLossLimit: priceError(draft.stopLossLimit, terms),
  };
  return Object.fromEntries(Object.entries(errors).filter(([, error]) => error !== null));
}

/** Fields that must be filled in before anything can be sent. */
export function missingOf(draft: Draft): readonly FieldName[] {
  const uses = pricesOf(draft.type);
  const needed: readonly (readonly [FieldName, boolean])[] = [
    ["quantity", true],
    ["price", uses.hasPrice],
    ["trigger", uses.hasTrigger],
    ["offset", uses.hasOffset],
    ["expiresAt", draft.timeInForce === "gtd"],
  ];
  return needed.filter(([name, isNeeded]) => isNeeded && draft[name] === "").map(([name]) => name);
}

const NO_NUMBER = "not a number: write digits and a point, such as 0.5";

function positiveError(text: string): string | null {
  if (text === "") return null;
  const value = parseDecimal(text);
  if (value === null) return NO_NUMBER;
  return value.units > 0n ? null : "must be above 0";
}

function quantityError(draft: Draft, terms: Terms): string | null {
  if (draft.quantity === "") return null;
  const simple = positiveError(draft.quantity);
  if (simple !== null) return simple;
  const quantity = decimal(draft.quantity);
  const unit = terms.quantity_unit;
  if (!isOnStep(quantity, decimal(terms.lot_step)))
    return `must be a multiple of ${terms.lot_step} ${unit}${nearest(quantity, decimal(terms.lot_step))}`;
  if (compare(quantity, decimal(terms.min_quantity)) < 0) return `at least ${terms.min_quantity} ${unit}`;
  if (terms.max_quantity !== null && compare(quantity, decimal(terms.max_quantity)) > 0)
    return `at most ${terms.max_quantity} ${unit}: split the order`;
  return worthError(draft, quantity, terms);
}

function worthError(draft: Draft, quantity: Decimal, terms: Terms): string | null {
  const price = pricesOf(draft.type).hasPrice ? parseDecimal(draft.price) : null;
  if (price === null || price.units <= 0n || terms.min_notional === null || draft.isReduceOnly) return null;
  if (compare(quoteValue(terms, price, quantity), decimal(terms.min_notional)) >= 0) return null;
  return `must be worth at least ${terms.min_notional} ${terms.quote} at the price`;
}

function priceError(text: string, terms: Terms): string | null {
  if (text === "") return null;
  const simple = positiveError(text);
  if (simple !== null) return simple;
  const price = decimal(text);
  if (isOnTick(terms, price)) return null;
  const tick = tickAt(terms, price);
  return `must be a multiple of the tick ${toPlain(tick)}${nearest(price, tick)}`;
}

/** The two values around one that is off its step, as a remedy. */
function nearest(value: Decimal, step: Decimal): string {
  const scale = Math.max(value.scale, step.scale);
  const grow = (d: Decimal) => d.units * 10n ** BigInt(scale - d.scale);
  const below = (grow(value) / grow(step)) * step.units;
  const above = below + step.units;
  const text = (units: bigint) => toPlain({ units, scale: step.scale });
  return below > 0n ? `, such as ${text(below)} or ${text(above)}` : `, such as ${text(above)}`;
}

function expiryError(draft: Draft, nowMs: number): string | null {
  if (draft.timeInForce !== "gtd" || draft.expiresAt === "") return null;
  const at = Date.parse(draft.expiresAt);
  if (Number.isNaN(at)) return "not a date and time";
  return at > nowMs ? null : "must be in the future";
}
