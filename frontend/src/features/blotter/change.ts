import type { Schemas } from "@/api/client";
import { isOnTick, type Terms, tickAt } from "@/domain/contract";
import { compare, decimal, isOnStep, parseDecimal, toPlain } from "@/domain/decimal";
import type { Order } from "@/domain/orders";
import type { ProductCapabilities } from "@/domain/products";

export type Term = "quantity" | "price" | "trigger_price";
export type TermField = { readonly term: Term; readonly label: string; readonly reason: string | null };

const LABELS: Readonly<Record<Term, string>> = {
  quantity: "Quantity",
  price: "Limit",
  trigger_price: "Trigger",
};

/** The terms of an order, each with the reason why the broker does not change it (null = it does). */
export function termsOf(order: Order, product: ProductCapabilities): readonly TermField[] {
  const has: readonly Term[] = (["quantity", "price", "trigger_price"] as const).filter(
    (term) => order[term] !== null,
  );
  return has.map((term) => ({
    term,
    label: LABELS[term],
    reason: product.modify.includes(term)
      ? null
      : (product.unsupported.modify ?? "the broker does not change it on a working order"),
  }));
}

export type Change = Partial<Readonly<Record<Term, string>>>;

/** What is really changed, as the API takes it; null = nothing. */
export function bodyOf(order: Order, change: Change): Schemas["ModifyRequest"] | null {
  const changed = (Object.entries(change) as [Term, string][]).filter(([term, text]) => {
    const value = parseDecimal(text);
    const before = order[term];
    return value !== null && before !== null && compare(value, decimal(before)) !== 0;
  });
  return changed.length === 0 ? null : Object.fromEntries(changed);
}

/** What is wrong with a new term, with its remedy; null = nothing. */
export function changeError(order: Order, term: Term, text: string, terms: Terms): string | null {
  const value = parseDecimal(text);
  if (value === null) return "not a number: write digits and a point, such as 0.5";
  if (value.units <= 0n) return "must be above 0";
  if (term !== "quantity")
    return isOnTick(terms, value) ? null : `must be a multiple of the tick ${toPlain(tickAt(terms, value))}`;
  if (!isOnStep(value, decimal(terms.lot_step))) return `must be a multiple of ${terms.lot_step}`;
  if (compare(value, decimal(order.filled_quantity)) <= 0)
    return `must be above the ${order.filled_quantity} filled; or cancel the order`;
  if (terms.max_quantity !== null && compare(value, decimal(terms.max_quantity)) > 0)
    return `at most ${terms.max_quantity}`;
  return null;
}
