import { expect, it } from "vitest";
import type { JournalEvent } from "@/api/queries/journal";
import { EVERYTHING, eventSummary, matching, orderIdOf } from "./search";

const EVENTS = [
  { seq: 3, type: "order_filled", connection_id: "a" },
  { seq: 2, type: "order_denied", connection_id: "b" },
  { seq: 1, type: "order_denied", connection_id: "a" },
] as JournalEvent[];

it("a filter keeps what fits all of it, in order", () => {
  expect(matching(EVENTS, EVERYTHING)).toHaveLength(3);
  expect(matching(EVENTS, { type: "order_denied", connectionId: "" }).map((event) => event.seq)).toEqual([
    2, 1,
  ]);
  expect(matching(EVENTS, { type: "order_denied", connectionId: "a" }).map((event) => event.seq)).toEqual([
    1,
  ]);
});

it("an order id is asked for only when it can be one", () => {
  expect(orderIdOf(" 01M84NPMFB9Q1NE8KVVEPPE05X ")).toBe("01M84NPMFB9Q1NE8KVVEPPE05X");
  expect(orderIdOf("")).toBeNull();
  expect(orderIdOf("a/b")).toBeNull();
  expect(orderIdOf("x".repeat(28))).toBeNull();
});

it("the summary tells terms that stand deeper, and the event's own words first", () => {
  const data = { terms: { side: "buy", quantity: "5", order_type: "market", price: "1" }, price: "2" };
  expect(eventSummary({ data })).toBe("buy 5 market 2");
});
