import { describe, expect, it } from "vitest";
import { isOnTick, notional, quoteValue, type Terms, tickAt } from "./contract";
import { decimal, toPlain } from "./decimal";

const LINEAR = {
  product: "perpetual",
  base: "BTC",
  quote: "USDT",
  settle: "USDT",
  multiplier: "1",
  tick_size: "0.1",
  price_bands: [],
} as unknown as Terms;
const INVERSE = { ...LINEAR, quote: "USD", settle: "BTC" };
const LOTS = { ...LINEAR, product: "forex", multiplier: "100000" } as Terms;
const BANDED = { ...LINEAR, tick_size: "0.0001", price_bands: [{ from_price: "1", tick_size: "0.01" }] };

describe("contract", () => {
  it("values an order in the currency it settles in", () => {
    const text = (terms: Terms, price: string, quantity: string) => {
      const worth = notional(terms, decimal(price), decimal(quantity));
      return worth === null ? null : toPlain(worth);
    };
    expect(text(LINEAR, "66100.5", "0.01")).toBe("661.005");
    expect(text(LOTS, "1.08534", "0.5")).toBe("54267.000000");
    expect(text(INVERSE, "50000", "100")).toBe("0.002000000000");
    expect(text(INVERSE, "0", "100")).toBeNull();
  });

  it("counts an inverse contract in quote currency", () => {
    expect(toPlain(quoteValue(INVERSE, decimal("50000"), decimal("100")))).toBe("100");
  });

  it("takes the tick of the band that a price lies in", () => {
    expect(toPlain(tickAt(BANDED, decimal("0.9999")))).toBe("0.0001");
    expect(toPlain(tickAt(BANDED, decimal("1")))).toBe("0.01");
    expect(isOnTick(BANDED, decimal("0.9999"))).toBe(true);
    expect(isOnTick(BANDED, decimal("1.001"))).toBe(false);
  });
});
