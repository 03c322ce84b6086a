import { describe, expect, it } from "vitest";
import type { Schemas } from "@/api/client";
import { orderMarks, positionMarks } from "./lines";

type Order = Schemas["OrderAnswer"];
type Position = Schemas["PositionAnswer"];

const ORDER = {
  client_order_id: "a",
  connection_id: "sim",
  instrument_id: "X.SIM",
  side: "buy",
  order_type: "limit",
  quantity: "2",
  price: "100",
  trigger_price: null,
  status: "accepted",
} as Order;

const POSITION = {
  connection_id: "sim",
  instrument_id: "X.SIM",
  position_id: "net",
  side: "long",
  quantity: "2",
  average_price: "99.5",
  take_profit: "110",
  stop_loss: null,
} as Position;

describe("lines", () => {
  it("draws working orders of this market only", () => {
    const orders = [
      ORDER,
      { ...ORDER, client_order_id: "b", status: "filled" as const },
      { ...ORDER, client_order_id: "c", connection_id: "other" },
    ];
    const marks = orderMarks(orders, "sim", "X.SIM");
    expect(marks.map(({ orderId, price, title }) => [orderId, price, title])).toEqual([
      ["a", 100, "buy 2 limit"],
    ]);
  });

  it("draws a waiting stop at its trigger and a triggered one at its limit", () => {
    const stop = { ...ORDER, order_type: "stop_limit" as const, trigger_price: "105" };
    expect(orderMarks([stop], "sim", "X.SIM")[0]).toMatchObject({ price: 105, isDashed: true });
    const triggered = { ...stop, status: "triggered" as const };
    expect(orderMarks([triggered], "sim", "X.SIM")[0]).toMatchObject({ price: 100, isDashed: false });
  });

  it("draws a position with the exits that are attached to it", () => {
    const marks = positionMarks([POSITION, { ...POSITION, position_id: "b", side: "flat" }], "sim", "X.SIM");
    expect(marks.map((mark) => [mark.title, mark.price])).toEqual([
      ["long 2", 99.5],
      ["take profit", 110],
    ]);
  });
});
