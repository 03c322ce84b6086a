import { describe, expect, it } from "vitest";
import type { TradeRequest } from "@/api/queries/trade";
import { decimal } from "@/domain/decimal";
import { BTCUSDT, QUOTE } from "@/testing/market";
import { distanceOf, distanceWords, percentText, referenceOf } from "./distance";
import { questionsOf } from "./questions";

const LIMIT: TradeRequest = {
  connection_id: "bybit-sim",
  instrument_id: "BTCUSDT-LINEAR.BYBIT",
  side: "buy",
  order_type: "limit",
  quantity: "0.01",
  price: "66000",
};
const STOP: TradeRequest = { ...LIMIT, order_type: "stop_market", price: null, trigger_price: "67000" };

const codes = (change: Partial<TradeRequest>, quote: typeof QUOTE | null = QUOTE) =>
  questionsOf({ ...LIMIT, ...change }, BTCUSDT, quote, [], 0).map((question) => question.code);

describe("distance from the market", () => {
  it("counts from the side that the order would trade with", () => {
    expect(referenceOf("buy", QUOTE)?.name).toBe("ask");
    expect(referenceOf("sell", QUOTE)?.name).toBe("bid");
    expect(referenceOf("buy", { ...QUOTE, ask: null })?.name).toBe("mark");
    expect(referenceOf("buy", null)).toBeNull();
  });

  it.each([
    ["66000", "buy", "1001 ticks (0.15\u2009%) below the ask"],
    ["66100.1", "buy", "at the ask"],
    ["66100.1", "sell", "1 tick (0.0001\u2009%) above the bid"],
    ["99150", "sell", "330500 ticks (50.00\u2009%) above the bid"],
  ] as const)("tells %s of a %s as %s", (price, side, words) => {
    const distance = distanceOf(price, side, QUOTE, BTCUSDT);
    expect(distance === null ? null : distanceWords(distance)).toBe(words);
  });

  it("keeps the digits of a share that is almost nothing", () => {
    expect(percentText(decimal("0.00000151"))).toBe("0.0001\u2009%");
    expect(percentText(decimal("0.12345678"))).toBe("12.34\u2009%");
  });
});

describe("questions before sending", () => {
  it("asks nothing about an order near the market", () => {
    expect(codes({})).toEqual([]);
    expect(codes({ side: "sell", price: "66200" })).toEqual([]);
  });

  it.each<[string, Partial<TradeRequest>, readonly string[]]>([
    ["a buy far below", { price: "60000" }, ["far"]],
    ["a sell far above", { side: "sell", price: "75000" }, ["far"]],
    ["a buy through the ask", { price: "66500" }, ["crosses"]],
    ["a sell through the bid", { side: "sell", price: "65000" }, ["crosses"]],
    ["a buy just beyond the ask", { price: "66200" }, []],
    ["a buy stop that would fire", { ...STOP, trigger_price: "66000" }, ["triggers_at_once"]],
    ["a buy stop that waits", STOP, []],
    ["a sell stop that waits", { ...STOP, side: "sell", trigger_price: "65000" }, []],
    ["a touched buy that waits", { ...STOP, order_type: "market_if_touched", trigger_price: "65000" }, []],
    ["a touched buy that would fire", { ...STOP, order_type: "market_if_touched" }, ["triggers_at_once"]],
    ["a target on the wrong side", { take_profit: { price: "65000" } }, ["exit_wrong_side"]],
    ["a stop on the wrong side", { stop_loss: { trigger_price: "66500" } }, ["exit_wrong_side"]],
    [
      "exits where they belong",
      { take_profit: { price: "67000" }, stop_loss: { trigger_price: "65000" } },
      [],
    ],
  ])("looks at %s", (_, change, expected) => {
    expect(codes(change)).toEqual(expected);
  });

  it("asks when there is no price, or an old one", () => {
    expect(codes({}, null)).toEqual(["no_quote"]);
    expect(codes({}, { ...QUOTE, stale: true })).toEqual(["no_quote"]);
  });

  it("asks about the same order for ten seconds, whatever its id", () => {
    const sent = [{ request: { ...LIMIT, client_order_id: "A" }, atMs: 1_000 }];
    const asked = (nowMs: number, change: Partial<TradeRequest> = {}) =>
      questionsOf({ ...LIMIT, client_order_id: "B", ...change }, BTCUSDT, QUOTE, sent, nowMs).length;
    expect(asked(11_000)).toBe(1);
    expect(asked(11_001)).toBe(0);
    expect(asked(2_000, { quantity: "0.02" })).toBe(0);
  });

  it.each<[string, Partial<TradeRequest>, Partial<TradeRequest>, number]>([
    [
      "another stop loss",
      { stop_loss: { trigger_price: "65000" } },
      { stop_loss: { trigger_price: "64000" } },
      0,
    ],
    [
      "another limit of the stop loss",
      { stop_loss: { trigger_price: "65000", price: "64990" } },
      { stop_loss: { trigger_price: "65000", price: "64000" } },
      0,
    ],
    ["another take profit", { take_profit: { price: "67000" } }, { take_profit: { price: "67001" } }, 0],
    ["a take profit more", {}, { take_profit: { price: "67000" } }, 0],
    ["another position", { position_id: "1" }, { position_id: "2" }, 0],
    ["another expiry", { expires_at: "2026-11-24T00:00:00Z" }, { expires_at: "2026-11-25T00:00:00Z" }, 0],
    ["the same price written longer", { price: "66000" }, { price: "66000.0" }, 1],
    ["a null where nothing was said", {}, { stop_loss: null }, 1],
    [
      "the same exits in another order",
      { stop_loss: { trigger_price: "65000", price: "64990" } },
      { stop_loss: { price: "64990", trigger_price: "65000" } },
      1,
    ],
  ])("compares all terms: %s", (_, before, now, expected) => {
    const sent = [{ request: { ...LIMIT, ...before }, atMs: 1_000 }];
    const asked = questionsOf({ ...LIMIT, ...now }, BTCUSDT, QUOTE, sent, 2_000);
    expect(asked.filter(({ code }) => code === "duplicate")).toHaveLength(expected);
  });
});
