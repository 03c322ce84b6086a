import { describe, expect, it } from "vitest";
import { detailsOf, eventWord } from "./events";

describe("events of an order", () => {
  it("tells what happened in words, and what it does not know by its own name", () => {
    expect(eventWord("order_cancel_rejected")).toBe("cancel refused");
    expect(eventWord("order_teleported")).toBe("order teleported");
  });

  it("lists the facts that are there, with the path to each", () => {
    expect(
      detailsOf({
        venue_order_id: "1",
        fee: { currency: "USD", amount: "0" },
        held: null,
        line: "",
        rank: 3,
      }),
    ).toEqual([
      { name: "venue_order_id", value: "1" },
      { name: "fee.currency", value: "USD" },
      { name: "fee.amount", value: "0" },
      { name: "rank", value: "3" },
    ]);
  });
});
