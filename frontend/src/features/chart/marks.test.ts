import { describe, expect, it } from "vitest";
import type { Schemas } from "@/api/client";
import { fillMarks, signalMarks } from "./marks";

const FILL = {
  connection_id: "sim",
  instrument_id: "X.SIM",
  side: "buy",
  quantity: "0.02",
  strategy_id: null,
  realized_pnl: "0",
  time: "2026-11-23T04:01:30.000000Z",
} as Schemas["FillAnswer"];

const SIGNAL = {
  instrument_id: "X.SIM",
  action: "buy",
  state: "acted",
  received_at: "2026-11-23T04:01:30.000000Z",
} as Schemas["SignalAnswer"];

describe("marks", () => {
  it("names a strategy beside its fill, and what an exit made", () => {
    const exit = {
      ...FILL,
      side: "sell",
      strategy_id: "cross",
      realized_pnl: "-1.5",
      time: "2026-11-23T04:03:00.000000Z",
    } as const;
    const marks = fillMarks([exit, { ...FILL, strategy_id: "cross" }, FILL], "sim", "X.SIM");
    expect(marks.map(({ side, text }) => [side, text])).toEqual([
      ["buy", "0.02 cross"],
      ["buy", "0.02"],
      ["sell", "0.02 cross \u22121.50"],
    ]);
  });

  it("keeps to the market, and to one strategy when asked", () => {
    const fills = [
      FILL,
      { ...FILL, connection_id: "other" },
      { ...FILL, instrument_id: "Y.SIM" },
      { ...FILL, strategy_id: "cross" },
    ];
    expect(fillMarks(fills, "sim", "X.SIM")).toHaveLength(2);
    expect(fillMarks(fills, "sim", "X.SIM", "cross").map(({ text }) => text)).toEqual(["0.02 cross"]);
  });

  it("tells signals that were acted on from those that were not", () => {
    const signals = [SIGNAL, { ...SIGNAL, action: "close" as const, state: "refused" as const }];
    expect(signalMarks(signals, "X.SIM").map(({ side, kind, text }) => [side, kind, text])).toEqual([
      ["buy", "signal", "signal buy"],
      [null, "refused", "signal close: refused"],
    ]);
    expect(signalMarks(signals, "Y.SIM")).toEqual([]);
  });
});
