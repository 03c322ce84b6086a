import { describe, expect, it } from "vitest";
import { decimal } from "@/domain/decimal";
import { BTCUSDT, NO_LIMITS } from "@/testing/market";
import { type Facts, overLimit } from "./ceilings";

type Change = Partial<Omit<Facts, "use" | "held" | "working">> & {
  readonly held?: string;
  readonly working?: string;
  readonly currency?: string;
  readonly exposure?: string | null;
};

function told(quantity: string, limits: object, change: Change = {}): string | null {
  const { held = "0", working = "0", currency = "USDT", exposure = "0", ...rest } = change;
  const fault = overLimit(quantity, {
    terms: BTCUSDT,
    side: "buy",
    isReduceOnly: false,
    price: decimal("50000"),
    held: decimal(held),
    working: decimal(working),
    use: { currency, exposure, limits: { ...NO_LIMITS, ...limits } },
    ...rest,
  });
  return fault === null ? null : [fault.text, ...fault.fixes].join(" | ");
}

describe("risk limits of a typed quantity", () => {
  it.each<[string, string, object, Change, string | null]>([
    ["at the limit of one order", "2", { max_order_quantity: "2" }, {}, null],
    [
      "above the limit of one order",
      "2.001",
      { max_order_quantity: "2" },
      {},
      "above the risk limit for one order: 2.000 coins fits now | 2.000",
    ],
    [
      "worth too much",
      "0.2",
      { max_order_notional: "7777" },
      {},
      "above the risk limit of 7\u2009777.00 USDT for one order: 0.155 coins fits now | 0.155",
    ],
    [
      "too much beside what is held and works",
      "0.1",
      { max_instrument_exposure: "10000" },
      { held: "0.1", working: "0.05" },
      "above the risk limit of 10\u2009000.00 USDT in this instrument: 0.050 coins fits now | 0.050",
    ],
    ["within what a short leaves", "0.3", { max_instrument_exposure: "10000" }, { held: "-0.1" }, null],
    [
      "more than the account has left",
      "0.1",
      { max_account_exposure: "10000" },
      { exposure: "9000" },
      "above the risk limit of 10\u2009000.00 USDT in the account: 0.020 coins fits now | 0.020",
    ],
    [
      "when nothing is left",
      "0.1",
      { max_account_exposure: "10000" },
      { exposure: "12000" },
      "above the risk limit of 10\u2009000.00 USDT in the account: nothing fits now",
    ],
    [
      "above two limits: the lower one counts",
      "3",
      { max_order_quantity: "2", max_order_notional: "50000" },
      {},
      "above the risk limit of 50\u2009000.00 USDT for one order: 1.000 coins fits now | 1.000",
    ],
    ["that gets out", "3", { max_order_quantity: "2" }, { side: "sell", held: "3" }, null],
    ["that only reduces", "3", { max_order_quantity: "2" }, { isReduceOnly: true }, null],
    ["in money of another currency", "3", { max_order_notional: "1" }, { currency: "EUR" }, null],
    ["without a price", "3", { max_order_notional: "1" }, { price: null }, null],
    ["of an unknown exposure", "3", { max_account_exposure: "1" }, { exposure: null }, null],
    ["that is no number", "x", { max_order_quantity: "2" }, {}, null],
  ])("looks at a quantity %s", (_, quantity, limits, change, expected) => {
    expect(told(quantity, limits, change)).toBe(expected);
  });
});
