import { describe, expect, it } from "vitest";
import type { Order } from "@/domain/orders";
import { EVERYTHING, filtered } from "./filter";
import { joinedOrders, treeOf } from "./tree";

function order(id: string, change: Partial<Order> = {}): Order {
  return {
    client_order_id: id,
    venue_order_id: null,
    connection_id: "bybit-sim",
    instrument_id: "BTCUSDT-LINEAR.BYBIT",
    parent_id: null,
    strategy_id: null,
    status: "accepted",
    side: "buy",
    order_type: "limit",
    outcome_unknown: null,
    needs_operator: null,
    denied: null,
    broker: { status: null, code: null, text: null },
    created_at: "2026-11-23T12:00:00.000000Z",
    ...change,
  } as Order;
}

const shape = (orders: readonly Order[]) =>
  treeOf(orders).map(({ order: each, depth }) => `${"-".repeat(depth)}${each.client_order_id}`);

describe("tree of orders", () => {
  it("puts exits beneath their parent, the oldest first", () => {
    const orders = [order("c"), order("sl", { parent_id: "a" }), order("tp", { parent_id: "a" }), order("a")];
    expect(shape(orders)).toEqual(["c", "a", "-tp", "-sl"]);
  });

  it("lets an exit stand for itself when its parent is not listed", () => {
    expect(shape([order("sl", { parent_id: "gone" }), order("a")])).toEqual(["sl", "a"]);
  });

  it("shows every order once even if one names itself", () => {
    expect(shape([order("a", { parent_id: "a" }), order("b", { parent_id: "a" })])).toEqual(["a", "-b"]);
  });

  it("pins a family with an unknown outcome on top", () => {
    const unknown = { since: "2026-11-23T12:00:00Z", reason: "no answer" };
    const orders = [order("new"), order("sl", { parent_id: "old", outcome_unknown: unknown }), order("old")];
    expect(shape(orders)).toEqual(["old", "-sl", "new"]);
  });

  it("lets the stream overtake older pages and sorts by time", () => {
    const paged = [
      order("b", { status: "accepted", created_at: "2026-11-23T11:00:00Z" }),
      order("a", { created_at: "2026-11-23T10:00:00Z" }),
    ];
    const streamed = [
      order("c", { created_at: "2026-11-23T12:00:00Z" }),
      order("b", { status: "filled", created_at: "2026-11-23T11:00:00Z" }),
    ];
    expect(joinedOrders(streamed, paged).map((each) => [each.client_order_id, each.status])).toEqual([
      ["c", "accepted"],
      ["b", "filled"],
      ["a", "accepted"],
    ]);
  });
});

describe("filter of orders", () => {
  const rows = treeOf([
    order("x", { connection_id: "mt5-sim", instrument_id: "EURUSD.MT5", status: "filled" }),
    order("sl", { parent_id: "a", order_type: "stop_market" }),
    order("a", { status: "filled" }),
    order("d", { status: "denied", denied: { code: "halted", text: "trading is halted" } }),
  ]);
  const ids = (filter: Partial<typeof EVERYTHING>) =>
    filtered(rows, { ...EVERYTHING, ...filter }).map((row) => row.order.client_order_id);

  it("keeps everything until it is asked for less", () => {
    expect(ids({})).toEqual(["x", "a", "sl", "d"]);
  });

  it("keeps the parent of an exit that fits, and no more", () => {
    expect(ids({ status: "open" })).toEqual(["a", "sl"]);
    expect(ids({ text: "stop_market" })).toEqual(["a", "sl"]);
  });

  it("finds by broker, status and words of a refusal", () => {
    expect(ids({ connectionId: "mt5-sim" })).toEqual(["x"]);
    expect(ids({ status: "filled" })).toEqual(["x", "a"]);
    expect(ids({ text: "HALTED" })).toEqual(["d"]);
    expect(ids({ status: "unknown" })).toEqual([]);
  });
});
