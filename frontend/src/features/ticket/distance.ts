import type { Schemas } from "@/api/client";
import { type Terms, tickAt } from "@/domain/contract";
import { absolute, type Decimal, divide, parseDecimal, subtract, toPlain } from "@/domain/decimal";
import { MINUS, THIN_SPACE } from "@/domain/format";
import type { Side } from "./draft";

export type Quote = Pick<Schemas["TickerAnswer"], "bid" | "ask" | "last" | "mark" | "stale" | "time">;

/** How far a price is from where the order would trade now. Signed: above 0 is above the reference. */
export type Distance = {
  readonly reference: Decimal;
  readonly referenceName: "ask" | "bid" | "mark" | "last";
  readonly ticks: Decimal;
  /** Share of the reference, 8 decimals, towards zero. */
  readonly fraction: Decimal;
};

type Reference = { readonly price: Decimal; readonly name: Distance["referenceName"] };

/** Where an order of this side would trade now: the other side's best price, else mark or last. */
export function referenceOf(side: Side, quote: Quote | null): Reference | null {
  if (quote === null) return null;
  const touch = side === "buy" ? (["ask", quote.ask] as const) : (["bid", quote.bid] as const);
  for (const [name, text] of [touch, ["mark", quote.mark] as const, ["last", quote.last] as const]) {
    const price = text === null ? null : parseDecimal(text);
    if (price !== null && price.units > 0n) return { price, name };
  }
  return null;
}

/** null without a quote or a price. */
export function distanceOf(text: string, side: Side, quote: Quote | null, terms: Terms): Distance | null {
  const price = parseDecimal(text);
  const reference = referenceOf(side, quote);
  if (price === null || price.units <= 0n || reference === null) return null;
  const apart = subtract(price, reference.price);
  const ticks = divide(apart, tickAt(terms, price), 0);
  const fraction = divide(apart, reference.price, 8);
  if (ticks === null || fraction === null) return null;
  return { reference: reference.price, referenceName: reference.name, ticks, fraction };
}

/** "14 ticks (0.21 %) below the ask". */
export function distanceWords({ ticks, fraction, referenceName }: Distance): string {
  if (ticks.units === 0n && fraction.units === 0n) return `at the ${referenceName}`;
  const side = fraction.units > 0n || ticks.units > 0n ? "above" : "below";
  const count = toPlain(absolute(ticks));
  const percent = percentText(absolute(fraction));
  return `${count} ${count === "1" ? "tick" : "ticks"} (${percent}) ${side} the ${referenceName}`;
}

/** A fraction above 0 as a percentage; a tiny one keeps the digits that tell it from nothing. */
export function percentText(fraction: Decimal): string {
  const text = toPlain({ units: fraction.units, scale: fraction.scale - 2 });
  const [whole = "0", digits = ""] = text.split(".");
  const kept = /^0{2}/.test(digits) && whole === "0" ? digits.slice(0, 4) : digits.slice(0, 2);
  return `${whole.replace("-", MINUS)}.${kept}${THIN_SPACE}%`;
}
