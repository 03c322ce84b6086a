import { describe, expect, it } from "vitest";
import { EMPTY_DRAFT, runErrors, runRequest, sameAgain } from "./request";

const DRAFT = {
  ...EMPTY_DRAFT,
  strategy: "SmaCross",
  connectionId: "bybit-sim",
  instrumentId: "BTCUSDT-LINEAR.BYBIT",
};

describe("request of a backtest", () => {
  it("keeps money as text, takes times as UTC and leaves out what was left empty", () => {
    const draft = {
      ...DRAFT,
      start: "2026-11-20T08:30",
      cash: "10000.50",
      taker: "0.00055",
      maker: "",
      seed: "7",
    };
    expect(runRequest(draft, { fast: 10 })).toEqual({
      strategy: "SmaCross",
      parameters: { fast: 10 },
      instrument_id: "BTCUSDT-LINEAR.BYBIT",
      timeframe: "5m",
      data: { connection_id: "bybit-sim" },
      start: "2026-11-20T08:30:00Z",
      initial_cash: "10000.50",
      fees: { maker: "0", taker: "0.00055" },
      slippage: "0",
      spread: "none",
      fill: "next_open",
      seed: 7,
    });
  });

  it("names one source of history and sends the limits that are set", () => {
    const limits = { ...DRAFT.limits, max_daily_loss: "200", max_open_orders: "3" };
    const request = runRequest({ ...DRAFT, source: "dataset", datasetId: "D1", limits }, {});
    expect(request.data).toEqual({ dataset_id: "D1" });
    expect(request.limits).toEqual({ max_daily_loss: "200", max_open_orders: 3 });
  });

  it("says at which field something is missing or wrong", () => {
    expect(runErrors(DRAFT)).toEqual({});
    expect(Object.keys(runErrors(EMPTY_DRAFT))).toEqual(["strategy", "data.connection_id", "instrument_id"]);
    expect(Object.keys(runErrors({ ...DRAFT, source: "dataset" }))).toEqual(["data.dataset_id"]);
    const wrong = {
      ...DRAFT,
      cash: "0",
      taker: "1",
      seed: "-1",
      start: "2026-11-20T00:00",
      end: "2026-11-19T00:00",
      limits: { ...DRAFT.limits, max_drawdown: "much" },
    };
    expect(Object.keys(runErrors(wrong))).toEqual([
      "initial_cash",
      "fees.taker",
      "seed",
      "end",
      "limits.max_drawdown",
    ]);
  });

  it("asks again for exactly what was asked for, seed included", () => {
    const request = { ...runRequest(DRAFT, { fast: 3 }), seed: 42 };
    expect(sameAgain({ request: structuredClone(request) })).toEqual(request);
  });
});
