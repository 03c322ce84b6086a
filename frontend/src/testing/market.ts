import type { Schemas } from "@/api/client";
import type { ProductCapabilities } from "@/domain/products";
import capabilities from "./capabilities.json";

/** Capabilities as `GET /broker/connections` of the product told them. */
export const PRODUCTS = capabilities as unknown as Record<keyof typeof capabilities, ProductCapabilities>;

export const EURUSD: Schemas["InstrumentAnswer"] = {
  instrument_id: "EURUSD.MT5",
  connection_id: "mt5-sim",
  venue_symbol: "EURUSD",
  product: "forex",
  base: "EUR",
  quote: "USD",
  settle: "USD",
  quantity_unit: "lots",
  multiplier: "100000",
  tick_size: "0.00001",
  price_bands: [],
  lot_step: "0.01",
  min_quantity: "0.01",
  max_quantity: "500",
  min_notional: null,
  sessions: [],
  timezone: "UTC",
};

export const BTCUSDT: Schemas["InstrumentAnswer"] = {
  ...EURUSD,
  instrument_id: "BTCUSDT-LINEAR.BYBIT",
  connection_id: "bybit-sim",
  venue_symbol: "BTCUSDT",
  product: "perpetual",
  base: "BTC",
  quote: "USDT",
  settle: "USDT",
  quantity_unit: "coins",
  multiplier: "1",
  tick_size: "0.1",
  lot_step: "0.001",
  min_quantity: "0.001",
  max_quantity: "1190",
  min_notional: "5",
};

const LINK = { status: "connected", since: "2026-11-23T11:00:00.000000Z", latency_ms: 2 };

/** A connected account; `live` = the broker says that it is real money. */
export function connectionOf(broker: "bybit" | "mt5", change: { readonly live?: boolean } = {}) {
  const isMt5 = broker === "mt5";
  const isLive = change.live ?? false;
  return {
    connection_id: `${broker}-sim`,
    broker,
    environment: isLive ? "live" : "simulated",
    execution: "broker",
    status: "connected",
    accounts: [
      {
        account_id: "1000001",
        mode: isMt5 ? "hedging" : "netting",
        currency: isMt5 ? "USD" : "USDT",
        live: isLive,
      },
    ],
    health: { data: LINK, orders: LINK },
    capabilities: {
      account_history: true,
      run_ea: false,
      position_modes: [],
      margin_modes: [],
      products: isMt5 ? { forex: PRODUCTS["mt5 forex"] } : { linear: PRODUCTS["bybit linear"] },
    },
    last_error: null,
    connected_at: "2026-11-23T11:00:00.000000Z",
  };
}

/** Limits of an account without any. */
export const NO_LIMITS: Schemas["LimitsAnswer"] = {
  max_order_quantity: null,
  max_order_notional: null,
  max_instrument_exposure: null,
  max_account_exposure: null,
  max_open_orders: null,
  max_orders_per_second: null,
  price_collar: null,
  max_quote_age_s: null,
  duplicate_window_s: null,
  max_daily_loss: null,
  max_drawdown: null,
  session_hours: null,
  reduce_only: null,
};

export const QUOTE = {
  bid: "66100.0",
  ask: "66100.1",
  bid_size: "1",
  ask_size: "1",
  last: "66100.0",
  mark: "66100.0",
  index: null,
  time: "2026-11-23T12:00:00.000000Z",
  stale: false,
};

export function orderOf(clientOrderId: string, status: string, change: object = {}) {
  return {
    client_order_id: clientOrderId,
    venue_order_id: null,
    connection_id: "bybit-sim",
    account_id: "1000001",
    instrument_id: "BTCUSDT-LINEAR.BYBIT",
    strategy_id: null,
    source: "ui",
    side: "buy",
    order_type: "limit",
    quantity: "0.01",
    quantity_unit: "coins",
    price: "66000.0",
    trigger_price: null,
    trailing_offset: null,
    time_in_force: "gtc",
    post_only: false,
    reduce_only: false,
    position_id: null,
    status,
    outcome_unknown: null,
    held: null,
    needs_operator: null,
    filled_quantity: "0",
    average_price: null,
    fees: [],
    parent_id: null,
    denied: null,
    broker: { status: null, code: null, text: null },
    created_at: "2026-11-23T12:00:00.000000Z",
    updated_at: "2026-11-23T12:00:00.000000Z",
    ...change,
  };
}
