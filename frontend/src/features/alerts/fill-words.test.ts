import { expect, it } from "vitest";
import { type Fill, fillNotes, fillSentence, MOST_TOASTS } from "./fill-words";

const FILL = {
  side: "sell",
  quantity: "0.010",
  price: "66132.8",
  instrument_id: "BTCUSDT-LINEAR.BYBIT",
  connection_id: "bybit-sim",
} as Fill;

it("a fill is a sentence with the server's own digits", () => {
  expect(fillSentence(FILL)).toBe("Sold 0.010 BTCUSDT-LINEAR.BYBIT at 66\u2009132.8");
});

it("a burst of fills is one note that names its brokers", () => {
  const burst = Array.from({ length: MOST_TOASTS + 1 }, (_, index) => ({
    ...FILL,
    connection_id: index % 2 === 0 ? "bybit-sim" : "ibkr-sim",
  }));
  expect(fillNotes(burst)).toEqual([{ title: "4 fills", where: "bybit-sim, ibkr-sim" }]);
  expect(fillNotes(burst.slice(1))).toHaveLength(MOST_TOASTS);
});
