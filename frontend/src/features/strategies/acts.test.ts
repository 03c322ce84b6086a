import { describe, expect, it } from "vitest";
import type { Strategy } from "@/api/queries/strategies";
import { connectionOf } from "@/testing/market";
import { confirmationOf, modeOfStrategy, offersOf } from "./acts";
import { strategyOf } from "./testing";

type Connections = Parameters<typeof modeOfStrategy>[1];
const SIM = [connectionOf("bybit"), connectionOf("mt5")] as unknown as Connections;
const LIVE = [connectionOf("bybit", { live: true }), connectionOf("mt5")] as unknown as Connections;
const START = { act: "start", word: "Start" } as const;
const STOP = { act: "stop", word: "Stop" } as const;

describe("what can be asked of a strategy", () => {
  it("follows from its state, as the server has it", () => {
    const words = (state: Strategy["state"]) => offersOf(state).map(({ word }) => word);
    expect(words("created")).toEqual(["Start"]);
    expect(words("running")).toEqual(["Pause", "Stop"]);
    expect(words("paused")).toEqual(["Resume", "Stop"]);
    expect(words("faulted")).toEqual(["Start again"]);
  });

  it("takes the gravest mode of all connections it trades at, and none while one is unknown", () => {
    const pair = strategyOf({
      connection_id: "mt5-sim",
      instrument_ids: ["EURUSD.MT5", "bybit-sim:BTCUSDT-LINEAR.BYBIT"],
    });
    expect(modeOfStrategy(pair, SIM)).toBe("simulated");
    expect(modeOfStrategy(pair, LIVE)).toBe("live");
    expect(modeOfStrategy(strategyOf({ connection_id: "gone" }), SIM)).toBeNull();
  });

  it("asks before real money is used, and says so; without it a start asks nothing", () => {
    expect(confirmationOf(strategyOf({}), START, "simulated")).toBeNull();
    const asked = confirmationOf(strategyOf({}), START, "live");
    expect(asked?.sentences[0]).toContain("real money by itself at bybit-sim, account 1000001");
    expect(confirmationOf(strategyOf({}), START, null)?.sentences[0]).toContain("does not tell");
  });

  it("tells before a stop what becomes of orders and positions", () => {
    const position = {
      side: "long",
      quantity: "0.02",
      instrument_id: "X.Y",
    } as Strategy["positions"][number];
    const canceled = confirmationOf(strategyOf({ on_stop: "cancel" }), STOP, "simulated");
    expect(canceled?.sentences[0]).toContain("are canceled");
    const kept = confirmationOf(strategyOf({ on_stop: "keep", positions: [position] }), STOP, "simulated");
    expect(kept?.sentences[0]).toContain("keep working");
    expect(kept?.sentences[1]).toContain("long 0.02 X.Y");
  });

  it("asks before a faulted strategy starts again on positions that it left", () => {
    const position = { side: "long", quantity: "1", instrument_id: "X.Y" } as Strategy["positions"][number];
    const faulted = strategyOf({ state: "faulted", positions: [position] });
    expect(confirmationOf(faulted, START, "simulated")?.sentences).toHaveLength(1);
    expect(confirmationOf({ ...faulted, positions: [] }, START, "simulated")).toBeNull();
  });
});
