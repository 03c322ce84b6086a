import { BITCOIN, clearBitcoin, ledgerOrder, priceNear } from "../harness/life.mjs";
import { openOrders, TradeDesk } from "../harness/trading.mjs";
import { checkEqual, until } from "../harness/waiting.mjs";

export const name =
  "an order is placed by the ticket, filled in part, changed, canceled, and its position closed";

export async function story({ open, product }) {
  const desk = await TradeDesk.open(open);
  const { page, note } = desk;
  await desk.write({ side: "buy", quantity: "0.03", limit: await priceNear(product, BITCOIN, 0.99) });
  await desk.ticket.getByRole("button", { name: "Buy 0.03 coins, limit" }).click();
  await note.getByText("working").waitFor();
  const [order] = await openOrders(product);
  const ledger = () => ledgerOrder(product, "bybit", order.client_order_id);
  checkEqual(
    [(await ledger()).live, (await ledger()).placements, order.source],
    [true, 1, "ui"],
    "the order at the broker",
  );

  const id = { broker: "bybit", client_key: order.client_order_id };
  await product.control("POST", "/sim/fill", { ...id, quantity: "0.01" });
  await note.getByText("partly filled").waitFor();
  const orders = await desk.list("Open orders");
  await orders.getByRole("row").filter({ hasText: "0.01 / 0.03" }).waitFor();

  await orders.getByRole("button", { name: `Change buy 0.03 ${BITCOIN.instrument_id}` }).click();
  const change = page.getByRole("form", { name: `Change order ${order.client_order_id}` });
  const changed = await priceNear(product, BITCOIN, 0.985);
  await change.getByLabel(/^(Limit|Price)/).fill(changed);
  await change.getByRole("button", { name: "Change it" }).click();
  await until(
    "the change is the order's price",
    async () => Number((await openOrders(product))[0]?.price) === Number(changed),
  );
  await orders.getByText(changed.replace(/\B(?=(\d{3})+$)/g, "\u2009")).waitFor();
  checkEqual((await ledger()).filled_quantity, "0.01", "what is filled after the change");

  await orders.getByRole("button", { name: `Cancel buy 0.03 ${BITCOIN.instrument_id}` }).click();
  await note.getByText("canceled").waitFor();
  await until("the broker's order has ended", async () => !(await ledger()).live);

  const positions = await desk.list("Positions");
  await positions.getByRole("button", { name: `Close long 0.01 ${BITCOIN.instrument_id}` }).click();
  const dialog = await desk.screen.dialogInSight(`Close long 0.01 ${BITCOIN.instrument_id}?`);
  checkEqual(await page.evaluate(() => document.activeElement?.textContent), "Keep it", "what has the focus");
  await dialog.getByRole("button", { name: "Close at market" }).click();
  await dialog.getByRole("button", { name: "Done" }).click();
  await positions.getByText(BITCOIN.instrument_id).waitFor({ state: "detached" });
  await clearBitcoin(product);
}
