import { describe, expect, it } from "vitest";
import type { Order } from "@/domain/orders";
import { BTCUSDT, orderOf, PRODUCTS } from "@/testing/market";
import { bodyOf, changeError, termsOf } from "./change";
import { openOrdersOf } from "./rows";

const ORDER = orderOf("A", "partially_filled", { filled_quantity: "0.004" }) as unknown as Order;

describe("change of a working order", () => {
  it("offers the terms that the order has and the broker changes", () => {
    const { modify } = PRODUCTS["mt5 forex"].unsupported;
    expect(termsOf(ORDER, PRODUCTS["bybit linear"]).map(({ term, reason }) => [term, reason])).toEqual([
      ["quantity", null],
      ["price", null],
    ]);
    expect(termsOf(ORDER, PRODUCTS["mt5 forex"]).map(({ term, reason }) => [term, reason])).toEqual([
      ["quantity", modify],
      ["price", null],
    ]);
  });

  it("sends only what is another number, not another spelling", () => {
    expect(bodyOf(ORDER, { price: "66000" })).toBeNull();
    expect(bodyOf(ORDER, { price: "66000.5", quantity: "0.010" })).toEqual({ price: "66000.5" });
  });

  it.each([
    ["quantity", "0.004", "must be above the 0.004 filled; or cancel the order"],
    ["quantity", "0.0045", "must be a multiple of 0.001"],
    ["quantity", "2000", "at most 1190"],
    ["quantity", "0.005", null],
    ["price", "66000.05", "must be a multiple of the tick 0.1"],
    ["price", "0", "must be above 0"],
    ["price", "", "not a number: write digits and a point, such as 0.5"],
    ["price", "66000.1", null],
  ] as const)("checks %s %s", (term, text, error) => {
    expect(changeError(ORDER, term, text, BTCUSDT)).toBe(error);
  });
});

describe("open orders", () => {
  it("lists what may still trade, and what a person must look at first", () => {
    const order = (id: string, status: string, change: object = {}) =>
      orderOf(id, status, change) as unknown as Order;
    const unknown = { since: "2026-11-23T12:00:00Z", reason: "no answer" };
    const orders = [
      order("working", "accepted"),
      order("done", "filled"),
      order("lost", "submitted", { outcome_unknown: unknown }),
      order("odd", "rejected", { needs_operator: "filled after its rejection" }),
    ];
    expect(openOrdersOf(orders).map((each) => each.client_order_id)).toEqual(["lost", "odd", "working"]);
  });
});
