import { BITCOIN, clearBitcoin, priceNear } from "../harness/life.mjs";
import { PHONE } from "../harness/screen.mjs";
import { openOrders } from "../harness/trading.mjs";
import { check, checkEqual, until } from "../harness/waiting.mjs";

export const name =
  "on a phone the ticket comes from below, sends, and closes; chart, book and tape are within reach of the thumb";

export async function story({ open, product }) {
  const screen = await open({ viewport: PHONE });
  const { page } = screen;
  await screen.visit("/trade");
  await screen.chooseMarket(BITCOIN.connection_id, "BTCUSDT", BITCOIN.instrument_id);
  for (const title of ["Depth", "Trades"]) await fits(screen.panel(title));
  await fits(page.getByRole("group", { name: /^Price chart/ }));

  const buy = page.getByRole("button", { name: "Buy", exact: true });
  check((await buy.boundingBox()).y < PHONE.height - 40, "the button is in sight without scrolling");
  await buy.click();
  const sheet = await screen.dialogInSight(BITCOIN.instrument_id);
  await sheet.getByLabel("Limit USDT").fill(await priceNear(product, BITCOIN, 0.99));
  await sheet.getByLabel("Quantity (coins)").fill("0.01");
  await sheet.locator('button[aria-keyshortcuts="Control+Enter"]').click();
  await sheet.getByText("working").waitFor();
  checkEqual((await openOrders(product)).length, 1, "orders after sending");
  await sheet.getByRole("button", { name: "Close the ticket" }).click();
  await sheet.waitFor({ state: "detached" });

  await page.getByRole("tab", { name: /^Open orders/ }).click();
  await page.getByRole("button", { name: `Cancel buy 0.01 ${BITCOIN.instrument_id}` }).click();
  await until("the order has ended", async () => (await openOrders(product)).length === 0);

  await screen.panel("Depth").getByRole("button", { name: /^bid / }).first().click();
  await screen.dialogInSight(BITCOIN.instrument_id);
  check((await sheet.getByLabel("Limit USDT").inputValue()) !== "", "a price of the book is in the ticket");
  checkEqual((await openOrders(product)).length, 0, "orders after a click in the book");
  await clearBitcoin(product);
}

/** As wide as the phone allows, and high enough to be read. */
async function fits(locator) {
  const box = await locator.boundingBox();
  check(box.x >= 0 && box.x + box.width <= PHONE.width, `within the phone's width: ${JSON.stringify(box)}`);
  check(box.height >= 200, `high enough to be read: ${JSON.stringify(box)}`);
}
