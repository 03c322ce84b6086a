import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Terms } from "@/domain/contract";
import { decimal, isOnStep } from "@/domain/decimal";
import { errorsOf, type FieldErrors, missingOf } from "./check";
import { type Draft, EMPTY_DRAFT } from "./draft";
import { requestOf } from "./request";

const TERMS = {
  product: "perpetual",
  base: "BTC",
  quote: "USDT",
  settle: "USDT",
  quantity_unit: "coins",
  multiplier: "1",
  tick_size: "0.1",
  price_bands: [],
  lot_step: "0.001",
  min_quantity: "0.001",
  max_quantity: "1190",
  min_notional: "5",
} as unknown as Terms;
const NOW = Date.parse("2026-11-23T12:00:00Z");
const WHOLE: Draft = { ...EMPTY_DRAFT, quantity: "0.01", price: "66100.5" };
const TARGET = { connectionId: "bybit-sim", instrumentId: "BTCUSDT-LINEAR.BYBIT" };

/** The faults in one line each: what is wrong, then the values one click away. */
const wordsOf = (errors: FieldErrors) =>
  Object.fromEntries(
    Object.entries(errors).map(([name, { text, fixes }]) => [name, [text, ...fixes].join(" | ")]),
  );

describe("ticket rules", () => {
  it.each<[string, Partial<Draft>, Record<string, string>]>([
    ["a whole draft", {}, {}],
    ["words", { quantity: "much" }, { quantity: "not a number: write digits and a point, such as 0.5" }],
    ["an exponent", { quantity: "1e3" }, { quantity: "not a number: write digits and a point, such as 0.5" }],
    ["nothing of it", { quantity: "0" }, { quantity: "must be above 0" }],
    [
      "a quantity off its step",
      { quantity: "0.0105" },
      { quantity: "must be a multiple of 0.001 coins | 0.010 | 0.011" },
    ],
    [
      "too much",
      { quantity: "1190.001" },
      { quantity: "the instrument takes at most 1190 coins in one order: split it | 1190" },
    ],
    ["too little", { quantity: "0.0001" }, { quantity: "at least 0.001 coins | 0.001" }],
    [
      "too little worth",
      { quantity: "0.001", price: "4000" },
      { quantity: "must be worth at least 5 USDT at the price" },
    ],
    ["too little worth that reduces", { quantity: "0.001", price: "4000", isReduceOnly: true }, {}],
    [
      "a price off its tick",
      { price: "66100.55" },
      { price: "must be a multiple of the tick 0.1 | 66100.5 | 66100.6" },
    ],
    ["a price that its type does not take", { type: "market", price: "nonsense" }, {}],
    [
      "a trigger off its tick",
      { type: "stop_market", trigger: "1.23" },
      { trigger: "must be a multiple of the tick 0.1 | 1.2 | 1.3" },
    ],
    ["a negative offset", { type: "trailing_stop_market", offset: "-5" }, { offset: "must be above 0" }],
    [
      "a target off its tick",
      { takeProfit: "0.05" },
      { takeProfit: "must be a multiple of the tick 0.1 | 0.1" },
    ],
    [
      "an expiry in the past",
      { timeInForce: "gtd", expiresAt: "2020-01-01T00:00" },
      { expiresAt: "must be in the future" },
    ],
  ])("names what is wrong with %s", (_, change, expected) => {
    expect(wordsOf(errorsOf({ ...WHOLE, ...change }, TERMS, NOW))).toEqual(expected);
  });

  it("shouts about nothing that is still empty", () => {
    expect(errorsOf(EMPTY_DRAFT, TERMS, NOW)).toEqual({});
    expect(missingOf(EMPTY_DRAFT)).toEqual(["quantity", "price"]);
    expect(missingOf({ ...EMPTY_DRAFT, type: "trailing_stop_market" })).toEqual(["quantity", "offset"]);
    expect(missingOf({ ...WHOLE, timeInForce: "gtd" })).toEqual(["expiresAt"]);
  });

  it("takes a price exactly when it lies on the tick, whatever its size", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 10n ** 24n }), fc.integer({ min: 0, max: 6 }), (units, scale) => {
        const text =
          scale === 0
            ? `${units}`
            : `${units}`.padStart(scale + 1, "0").replace(new RegExp(`(\\d{${scale}})$`), ".$1");
        const isRight = isOnStep(decimal(text), decimal("0.1"));
        const { price } = errorsOf(
          { ...WHOLE, quantity: "1", price: text },
          { ...TERMS, min_notional: null },
          NOW,
        );
        return (price === undefined) === isRight;
      }),
    );
  });

  it("offers only values that are right themselves", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12_000_000 }), (units) => {
        const quantity = (units / 10_000).toFixed(4);
        const { quantity: fault } = errorsOf({ ...WHOLE, quantity }, { ...TERMS, min_notional: null }, NOW);
        return (fault?.fixes ?? []).every(
          (fix) =>
            errorsOf({ ...WHOLE, quantity: fix }, { ...TERMS, min_notional: null }, NOW).quantity ===
            undefined,
        );
      }),
    );
  });

  it("sends the fields that the type takes, as they were typed", () => {
    expect(requestOf({ ...WHOLE, trigger: "1", offset: "2", takeProfit: "70000.0" }, TARGET)).toEqual({
      connection_id: "bybit-sim",
      instrument_id: "BTCUSDT-LINEAR.BYBIT",
      side: "buy",
      order_type: "limit",
      quantity: "0.01",
      price: "66100.5",
      take_profit: { price: "70000.0" },
    });
    expect(
      requestOf(
        {
          ...WHOLE,
          type: "stop_limit",
          side: "sell",
          trigger: "60000",
          isReduceOnly: true,
          stopLoss: "61000",
          stopLossLimit: "60990",
        },
        TARGET,
      ),
    ).toMatchObject({
      trigger_price: "60000",
      price: "66100.5",
      reduce_only: true,
      stop_loss: { trigger_price: "61000", price: "60990" },
    });
  });
});
