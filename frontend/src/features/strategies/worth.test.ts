import { describe, expect, it } from "vitest";
import { worthOf } from "./worth";

const usdt = (amount: string) => ({ currency: "USDT", amount });
const usd = (amount: string) => ({ currency: "USD", amount });

describe("profit of a strategy", () => {
  it("is realized and open profit less fees, exactly", () => {
    const performance = { realized_pnl: [usdt("0.1")], unrealized_pnl: [usdt("0.2")], fees: [usdt("0.05")] };
    expect(worthOf(performance)).toEqual([
      { currency: "USDT", realized: "0.1", unrealized: "0.2", fees: "0.05", net: "0.25" },
    ]);
  });

  it("is never added across currencies", () => {
    const performance = {
      realized_pnl: [usdt("1"), usd("2")],
      unrealized_pnl: [usd("3")],
      fees: [usdt("4")],
    };
    expect(worthOf(performance).map(({ currency, net }) => [currency, net])).toEqual([
      ["USDT", "-3"],
      ["USD", "5"],
    ]);
  });

  it("is unknown while a price is missing, whatever was realized", () => {
    const [worth] = worthOf({ realized_pnl: [usdt("1")], unrealized_pnl: null, fees: [] });
    expect(worth).toMatchObject({ realized: "1", unrealized: null, net: null });
  });
});
