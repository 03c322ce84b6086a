import { isOnTick, quoteValue, type Terms, tickAt } from "@/domain/contract";
import { add, compare, type Decimal, decimal, floorToStep, isOnStep, parseDecimal } from "@/domain/decimal";
import { type Draft, pricesOf } from "./draft";
import { plainAt } from "./grid";

export type FieldName =
  | "quantity"
  | "price"
  | "trigger"
  | "offset"
  | "expiresAt"
  | "takeProfit"
  | "stopLoss"
  | "stopLossLimit";

/** What is wrong with a field's value, and values that would be right: each one click away. */
export type Fault = { readonly text: string; readonly fixes: readonly string[] };

export type FieldErrors = Readonly<Partial<Record<FieldName, Fault>>>;

/**
 * What is wrong with a draft, by field, each with its remedy; the server's own rules in exact decimals.
 *
 * A field that is still empty is not an error to shout about: `missingOf` names those.
 */
export function errorsOf(draft: Draft, terms: Terms, nowMs: number): FieldErrors {
  const uses = pricesOf(draft.type);
  const errors: Record<FieldName, Fault | null> = {
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

function fault(text: string, fixes: readonly string[] = []): Fault {
  return { text, fixes };
}

function positiveError(text: string): Fault | null {
  if (text === "") return null;
  const value = parseDecimal(text);
  if (value === null) return fault(NO_NUMBER);
  return value.units > 0n ? null : fault("must be above 0");
}

function quantityError(draft: Draft, terms: Terms): Fault | null {
  if (draft.quantity === "") return null;
  const simple = positiveError(draft.quantity);
  if (simple !== null) return simple;
  const quantity = decimal(draft.quantity);
  const unit = terms.quantity_unit;
  if (compare(quantity, decimal(terms.min_quantity)) < 0)
    return fault(`at least ${terms.min_quantity} ${unit}`, [terms.min_quantity]);
  const most = terms.max_quantity;
  if (most !== null && compare(quantity, decimal(most)) > 0)
    return fault(`the instrument takes at most ${most} ${unit} in one order: split it`, [most]);
  const step = decimal(terms.lot_step);
  if (!isOnStep(quantity, step))
    return fault(`must be a multiple of ${terms.lot_step} ${unit}`, nearest(quantity, step));
  return worthError(draft, quantity, terms);
}

function worthError(draft: Draft, quantity: Decimal, terms: Terms): Fault | null {
  const price = pricesOf(draft.type).hasPrice ? parseDecimal(draft.price) : null;
  if (price === null || price.units <= 0n || terms.min_notional === null || draft.isReduceOnly) return null;
  if (compare(quoteValue(terms, price, quantity), decimal(terms.min_notional)) >= 0) return null;
  return fault(`must be worth at least ${terms.min_notional} ${terms.quote} at the price`);
}

function priceError(text: string, terms: Terms): Fault | null {
  if (text === "") return null;
  const simple = positiveError(text);
  if (simple !== null) return simple;
  const price = decimal(text);
  if (isOnTick(terms, price)) return null;
  const tick = tickAt(terms, price);
  return fault(`must be a multiple of the tick ${plainAt(tick, tick)}`, nearest(price, tick));
}

/** The values on the step around one that is off it; only those above 0. */
function nearest(value: Decimal, step: Decimal): readonly string[] {
  const below = floorToStep(value, step);
  return [below, add(below, step)].filter((each) => each.units > 0n).map((each) => plainAt(each, step));
}

function expiryError(draft: Draft, nowMs: number): Fault | null {
  if (draft.timeInForce !== "gtd" || draft.expiresAt === "") return null;
  const at = Date.parse(draft.expiresAt);
  if (Number.isNaN(at)) return fault("not a date and time");
  return at > nowMs ? null : fault("must be in the future");
}
