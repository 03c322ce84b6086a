import { BITCOIN, clearBitcoin, priceNear } from "../harness/life.mjs";
import { openOrders, TradeDesk } from "../harness/trading.mjs";
import { check, checkEqual } from "../harness/waiting.mjs";

export const name =
  "what the broker refuses stands in the ticket with its code and words; an odd price asks first, in sight";

export async function story({ open, product }) {
  const desk = await TradeDesk.open(open);
  await refusedByBroker(desk, product);
  await asksAboutOddPrice(desk, product);
  await clearBitcoin(product);
}

async function refusedByBroker(desk, product) {
  await product.control("POST", "/sim/faults", { broker: "bybit", fault: "reject", match: { op: "place" } });
  await desk.write({ side: "buy", quantity: "0.01", limit: await priceNear(product, BITCOIN, 0.99) });
  await desk.send();
  await desk.note.getByText("The broker rejected it").waitFor();
  const { orders } = await product.ask("GET", "/orders/status?status=closed&limit=1");
  checkEqual(orders[0].status, "rejected", "the newest order");
  const told = await desk.note.innerText();
  check(
    told.includes(orders[0].broker.text) && told.includes(orders[0].broker.code),
    `the broker's own words in: ${told}`,
  );
}

async function asksAboutOddPrice(desk, product) {
  const { page } = desk;
  await desk.write({ side: "buy", quantity: "0.01", limit: await priceNear(product, BITCOIN, 0.93) });
  await desk.send();
  const dialog = await desk.screen.dialogInSight(/^Buy 0.01 coins of/);
  checkEqual(await page.evaluate(() => document.activeElement?.textContent), "Cancel", "what has the focus");
  await page.keyboard.press("Enter");
  await dialog.waitFor({ state: "detached" });
  checkEqual((await openOrders(product)).length, 0, "orders after Cancel");

  await desk.send();
  await desk.screen.dialogInSight(/^Buy 0.01 coins of/);
  await dialog.getByRole("button", { name: "Buy anyway" }).click();
  await desk.note.getByText("working").waitFor();
  checkEqual((await openOrders(product)).length, 1, "orders after Buy anyway");
}
