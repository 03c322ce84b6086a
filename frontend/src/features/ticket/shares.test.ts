import { describe, expect, it } from "vitest";
import { decimal } from "@/domain/decimal";
import { BTCUSDT, EURUSD } from "@/testing/market";
import { basisOf, quantityOf } from "./shares";

const ACCOUNT = { currency: "USD", equity: "100000", balances: [] };
const FACTS = {
  terms: EURUSD,
  side: "buy",
  isReduceOnly: false,
  position: null,
  account: ACCOUNT,
  price: decimal("1.25"),
} as const;

describe("share of equity or position", () => {
  it("sizes a new order by the equity, without leverage, down to the lot", () => {
    const basis = basisOf(FACTS);
    expect(basis.kind).toBe("of");
    if (basis.kind === "of") expect(quantityOf(50, basis.most, EURUSD.lot_step)).toBe("0.40");
  });

  it("sizes an order against a position by the position", () => {
    const basis = basisOf({ ...FACTS, side: "sell", position: { side: "long", quantity: "0.75" } });
    expect(basis).toMatchObject({ kind: "of", name: "position" });
    if (basis.kind === "of") expect(quantityOf(50, basis.most, "0.01")).toBe("0.37");
  });

  it.each([
    ["another currency", { terms: BTCUSDT }, "the account counts in USD, the order in USDT"],
    ["nothing to reduce", { isReduceOnly: true }, "there is no position on the other side to reduce"],
    ["no account", { account: null }, "the account's money is not known"],
    ["no price", { price: null }, "there is no price to count with"],
    ["no equity", { account: { ...ACCOUNT, equity: null } }, "the account's equity is not known"],
  ])("has no answer for %s and says why", (_, change, reason) => {
    expect(basisOf({ ...FACTS, ...change })).toEqual({ kind: "none", reason });
  });

  it("sizes a spot purchase by the free money of its quote currency only", () => {
    const terms = { ...BTCUSDT, product: "spot" } as typeof BTCUSDT;
    const balances = [{ currency: "USDT", total: "1000", available: "500", locked: "0" }];
    expect(basisOf({ ...FACTS, terms, account: { ...ACCOUNT, balances } })).toMatchObject({
      name: "free USDT",
    });
    expect(basisOf({ ...FACTS, terms })).toMatchObject({ kind: "none" });
  });

  it("gives nothing rather than less than a lot", () => {
    expect(quantityOf(10, decimal("0.05"), "0.01")).toBeNull();
  });
});
