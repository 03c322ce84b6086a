import { BITCOIN, clearBitcoin, ledgerOrder, priceNear } from "../harness/life.mjs";
import { TradeDesk } from "../harness/trading.mjs";
import { check, checkEqual } from "../harness/waiting.mjs";

export const name =
  "an answer that never comes is an unknown outcome, not a failure; the broker is asked and tells";

export async function story({ open, product }) {
  const desk = await TradeDesk.open(open);
  const fault = { broker: "bybit", fault: "drop_reply", match: { op: "place" } };
  // Many, because what the story before set in motion may still be told and use some up.
  const stream = { broker: "bybit", fault: "late_event", count: 50, match: { op: "stream" }, params: {} };
  await product.control("POST", "/sim/faults", fault);
  await product.control("POST", "/sim/faults", stream);
  await desk.write({ side: "buy", quantity: "0.01", limit: await priceNear(product, BITCOIN, 0.99) });
  // Slow answers, or the look at the broker's records that comes every half minute could tell before anybody asks.
  const slow = {
    broker: "bybit",
    fault: "delay_reply",
    count: 50,
    match: { op: "query" },
    params: { delay_s: 4 },
  };
  await product.control("POST", "/sim/faults", slow);
  await desk.send();
  await desk.note.getByText("Outcome unknown, asking the broker").waitFor();
  await product.control("DELETE", "/sim/faults");
  check(!(await desk.ticket.getByLabel("Quantity (coins)").isEnabled()), "the draft waits until it is known");
  await desk.note.getByText("working").waitFor();
  const { orders } = await product.ask("GET", "/orders/status?status=open&connection_id=bybit-sim&limit=1");
  const atBroker = await ledgerOrder(product, "bybit", orders[0].client_order_id);
  checkEqual([atBroker.placements, atBroker.live], [1, true], "placements of the order at the broker");
  await clearBitcoin(product);
}
