import { BITCOIN, clearBitcoin, priceNear } from "../harness/life.mjs";
import { openOrders, TradeDesk } from "../harness/trading.mjs";
import { check, checkEqual, until } from "../harness/waiting.mjs";

export const name =
  "a bracket: entry, take profit and stop loss; filled, the position is protected at the broker; canceled, nothing is left";

export async function story({ open, product }) {
  const desk = await TradeDesk.open(open);
  await desk.write({
    side: "buy",
    quantity: "0.02",
    limit: await priceNear(product, BITCOIN, 0.99),
    takeProfit: await priceNear(product, BITCOIN, 1.03),
    stopLoss: await priceNear(product, BITCOIN, 0.96),
  });
  await desk.send();
  await desk.note.getByText("working").waitFor();
  const entry = (await openOrders(product)).find((each) => each.parent_id === null);
  await product.control("POST", "/sim/fill", { broker: "bybit", client_key: entry.client_order_id });
  await desk.note.getByText("filled", { exact: true }).waitFor();
  await until("two exits wait for their triggers", async () => {
    const exits = (await openOrders(product)).filter((each) => each.parent_id === entry.client_order_id);
    return exits.length === 2;
  });

  const orders = await desk.list("Open orders");
  await until(
    "the screen lists both exits",
    async () => (await orders.getByText("waits for trigger").count()) === 2,
  );
  const live = await liveExits(product);
  checkEqual(live, 2, "exits at the simulated broker");

  const positions = await desk.list("Positions");
  await positions.getByRole("row").filter({ hasText: BITCOIN.instrument_id }).waitFor();
  await product.ask("POST", "/positions/close", BITCOIN);
  await until("the exits have ended with the position", async () => (await liveExits(product)) === 0);
  await until("the screen lists none", async () => {
    const tab = desk.page.getByRole("tab", { name: /^Open orders/ });
    return (await tab.innerText()).trim().endsWith("0");
  });
  check((await openOrders(product)).length === 0, "the API lists none");
  await clearBitcoin(product);
}

async function liveExits(product) {
  const { orders } = await product.control("GET", "/sim/ledger?broker=bybit");
  return orders.filter((each) => each.live && each.side === "sell").length;
}
