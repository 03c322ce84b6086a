import type { Strategy } from "@/api/queries/strategies";

/** A strategy as the server tells of it, for tests. */
export function strategyOf(change: Partial<Strategy>): Strategy {
  return {
    strategy_id: "sma",
    class: "SmaCross",
    parameters: { fast: 10 },
    connection_id: "bybit-sim",
    account_id: "1000001",
    instrument_ids: ["BTCUSDT-LINEAR.BYBIT"],
    timeframe: "1m",
    on_stop: "cancel",
    state: "created",
    live: false,
    reason: null,
    created_at: "2026-11-23T12:00:00.000000Z",
    started_at: null,
    positions: [],
    performance: {
      orders: 0,
      open_orders: 0,
      fills: 0,
      trades: 0,
      winning_trades: 0,
      realized_pnl: [],
      unrealized_pnl: [],
      fees: [],
    },
    ...change,
  };
}
