import type { components } from "@/api/schema";

/** The words of `WS /ws/broker`; shapes come from the server's own schemas. */
type Schemas = components["schemas"];

export type ChannelMessage = Schemas["ChannelMessage"];
export type AckMessage = Schemas["AckMessage"];
export type ErrorMessage = Schemas["ErrorMessage"];
export type ServerMessage = ChannelMessage | AckMessage | ErrorMessage;

/** Close codes of contracts.md section 4. */
export const CLOSE_UNAUTHORIZED = 4401;
export const HEARTBEAT_MS = 5_000;

/** How a channel's `data` is put together: one value, or a list under a name whose rows have a key. */
type Shape =
  | { readonly kind: "value" }
  | { readonly kind: "list"; readonly list: string; readonly key: KeyOf };
type KeyOf = (row: Row) => string;
export type Row = Readonly<Record<string, unknown>>;

function joined(...names: string[]): KeyOf {
  return (row) => names.map((name) => String(row[name])).join("\u0000");
}

const POSITION_KEY = joined("connection_id", "account_id", "instrument_id", "position_id");

const SHAPES: Readonly<Record<string, Shape>> = {
  orders: { kind: "list", list: "orders", key: joined("client_order_id") },
  fills: { kind: "list", list: "fills", key: joined("connection_id", "account_id", "trade_id") },
  positions: { kind: "list", list: "positions", key: POSITION_KEY },
  account: { kind: "list", list: "accounts", key: joined("connection_id", "account_id") },
  pnl: { kind: "list", list: "pnl", key: POSITION_KEY },
  connections: { kind: "list", list: "connections", key: joined("connection_id") },
  strategies: { kind: "list", list: "strategies", key: joined("strategy_id") },
  alerts: { kind: "list", list: "alerts", key: joined("alert_id") },
  risk: { kind: "list", list: "scopes", key: joined("scope", "connection_id", "account_id", "strategy_id") },
  trades: { kind: "list", list: "trades", key: joined("trade_id") },
  bars: { kind: "list", list: "bars", key: joined("time") },
  quotes: { kind: "value" },
  depth: { kind: "value" },
};

/** What a channel is about: the word before the first colon. */
export function baseOf(channel: string): string {
  const colon = channel.indexOf(":");
  return colon < 0 ? channel : channel.slice(0, colon);
}

/** The shape of a channel's data; throws for a base that the server does not have. */
export function shapeOf(channel: string): Shape {
  const shape = SHAPES[baseOf(channel)];
  if (shape === undefined) throw new RangeError(`no such channel: ${channel}`);
  return shape;
}

export function quotesChannel(connectionId: string, instrumentId: string): string {
  return `quotes:${connectionId}:${instrumentId}`;
}

export function depthChannel(connectionId: string, instrumentId: string): string {
  return `depth:${connectionId}:${instrumentId}`;
}

export function tradesChannel(connectionId: string, instrumentId: string): string {
  return `trades:${connectionId}:${instrumentId}`;
}

export function barsChannel(connectionId: string, instrumentId: string, timeframe: string): string {
  return `bars:${connectionId}:${instrumentId}:${timeframe}`;
}
