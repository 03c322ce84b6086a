import { describe, expect, it } from "vitest";
import { PRODUCTS } from "@/testing/market";
import { EMPTY_DRAFT } from "./draft";
import { fitted, offersOf, postOnlyObstacle } from "./offers";
import { missingOffers } from "./words";

function offered(name: keyof typeof PRODUCTS) {
  const offers = offersOf(PRODUCTS[name]);
  const namesOf = (list: readonly { readonly name: string; readonly reason: string | null }[]) =>
    list.filter((offer) => offer.reason === null).map((offer) => offer.name);
  return { offers, types: namesOf(offers.types), times: namesOf(offers.timesInForce) };
}

describe("offers", () => {
  it.each([
    [
      "bybit linear",
      ["market", "limit", "stop_market", "stop_limit", "market_if_touched", "limit_if_touched"],
      ["gtc", "ioc", "fok"],
      { postOnly: true, reduceOnly: true, exits: true, limitExits: true, positionId: true },
    ],
    [
      "bybit spot",
      ["market", "limit", "stop_market", "stop_limit", "market_if_touched", "limit_if_touched"],
      ["gtc", "ioc", "fok"],
      { postOnly: true, reduceOnly: false, exits: true, limitExits: true, positionId: false },
    ],
    [
      "ibkr stock",
      [
        "market",
        "limit",
        "stop_market",
        "stop_limit",
        "market_if_touched",
        "limit_if_touched",
        "trailing_stop_market",
      ],
      ["gtc", "day", "gtd", "ioc", "fok"],
      { postOnly: false, reduceOnly: false, exits: true, limitExits: true, positionId: false },
    ],
    [
      "mt5 forex",
      ["market", "limit", "stop_market", "stop_limit"],
      ["gtc", "day", "gtd"],
      { postOnly: false, reduceOnly: true, exits: true, limitExits: false, positionId: true },
    ],
  ] as const)("of %s are what its broker can do", (name, types, times, marks) => {
    const got = offered(name);
    expect(got.types).toEqual(types);
    expect(got.times).toEqual(times);
    for (const [mark, isOffered] of Object.entries(marks))
      expect([mark, got.offers[mark as keyof typeof marks] === null]).toEqual([mark, isOffered]);
  });

  it("gives the server's reason for everything that is missing", () => {
    const missing = missingOffers(offered("mt5 forex").offers);
    expect(missing.map((each) => each.name)).toEqual([
      "market if touched orders",
      "limit if touched orders",
      "trailing stop orders",
      "IOC",
      "FOK",
      "post-only",
      "stop loss with a limit",
    ]);
    expect(missing.find((each) => each.name === "stop loss with a limit")?.reason).toBe(
      "a stop loss in MetaTrader 5 closes at the market: it has no limit price",
    );
  });

  it("says why a draft that takes liquidity cannot be post-only", () => {
    const { offers } = offered("bybit linear");
    expect(postOnlyObstacle({ type: "limit", timeInForce: null }, offers)).toBeNull();
    expect(postOnlyObstacle({ type: "limit", timeInForce: "ioc" }, offers)).toContain("rest in the book");
    expect(postOnlyObstacle({ type: "market", timeInForce: null }, offers)).toContain("rest in the book");
  });

  it("drops from a draft what the broker does not have", () => {
    const draft = {
      ...EMPTY_DRAFT,
      type: "limit_if_touched",
      timeInForce: "fok",
      isPostOnly: true,
      isReduceOnly: true,
      positionId: "50000001",
      stopLoss: "1.05",
      stopLossLimit: "1.04",
    } as const;
    expect(fitted(draft, offered("mt5 forex").offers)).toMatchObject({
      type: "market",
      timeInForce: null,
      isPostOnly: false,
      isReduceOnly: true,
      positionId: "50000001",
      stopLoss: "1.05",
      stopLossLimit: "",
    });
    expect(fitted(draft, offered("ibkr stock").offers)).toMatchObject({
      type: "limit_if_touched",
      timeInForce: "fok",
      isReduceOnly: false,
      positionId: null,
      stopLossLimit: "1.04",
    });
  });

  it("keeps an expiry for orders that have one", () => {
    const { offers } = offered("ibkr stock");
    const draft = { ...EMPTY_DRAFT, expiresAt: "2026-12-01T10:00" };
    expect(fitted({ ...draft, timeInForce: "gtd" }, offers).expiresAt).toBe("2026-12-01T10:00");
    expect(fitted({ ...draft, timeInForce: "day" }, offers).expiresAt).toBe("");
  });
});
