import type { Schemas } from "@/api/client";
import { compare, type Decimal, decimal, divide, isOnStep, isZero, multiply } from "./decimal";

export type Terms = Schemas["InstrumentAnswer"];

/** Whether profit is paid in the base currency: the quantity counts quote currency then. */
export function isInverse({ product, settle, base }: Pick<Terms, "product" | "settle" | "base">): boolean {
  return (product === "perpetual" || product === "future") && settle === base;
}

const SHOWN_SCALE = 12;

/** Worth of a quantity at a price in the settle currency; of inverse contracts rounded down to 12 decimals. */
export function notional(terms: Terms, price: Decimal, quantity: Decimal): Decimal | null {
  const units = multiply(quantity, decimal(terms.multiplier));
  return isInverse(terms) ? divide(units, price, SHOWN_SCALE) : multiply(units, price);
}

/** Worth of a quantity at a price in the quote currency, which inverse contracts count already. */
export function quoteValue(terms: Terms, price: Decimal, quantity: Decimal): Decimal {
  const units = multiply(quantity, decimal(terms.multiplier));
  return isInverse(terms) ? units : multiply(units, price);
}

/** The tick size that holds at a price. */
export function tickAt(terms: Terms, price: Decimal): Decimal {
  return terms.price_bands.reduce(
    (tick, band) => (compare(price, decimal(band.from_price)) >= 0 ? decimal(band.tick_size) : tick),
    decimal(terms.tick_size),
  );
}

export function isOnTick(terms: Terms, price: Decimal): boolean {
  return !isZero(price) && isOnStep(price, tickAt(terms, price));
}
