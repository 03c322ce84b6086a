import { BITCOIN, clearBitcoin, place, priceNear } from "../harness/life.mjs";
import { openOrders, TradeDesk } from "../harness/trading.mjs";
import { check, checkEqual, until } from "../harness/waiting.mjs";

export const name =
  "keys ask and never send; a moved line asks; right values are one click away; a click in the book sends only while armed";

export async function story({ open, product }) {
  const desk = await TradeDesk.open(open);
  try {
    await offersRightValues(desk, product);
    await keysAsk(desk, product);
    await movedLineAsks(desk, product);
    await oneClick(desk, product);
  } finally {
    await product.ask("PUT", "/risk/limits", { scope: "connection:bybit-sim", limits: {} });
  }
  await clearBitcoin(product);
}

async function offersRightValues({ ticket }, product) {
  await product.ask("PUT", "/risk/limits", {
    scope: "connection:bybit-sim",
    limits: { max_order_quantity: "0.5" },
  });
  const quantity = ticket.getByLabel("Quantity (coins)");
  const limit = ticket.getByLabel("Limit USDT");
  await limit.fill(`${await priceNear(product, BITCOIN, 0.99)}.07`);
  await ticket.getByRole("button", { name: /\.1 instead$/ }).click();
  check((await limit.inputValue()).endsWith(".1"), "the limit lies on its tick");
  await quantity.fill("0.7");
  await ticket.getByText("above the risk limit for one order: 0.500 coins fits now").waitFor();
  await ticket.getByRole("button", { name: "Use 0.500 instead" }).click();
  checkEqual(await quantity.inputValue(), "0.500", "the quantity that fits");
  await quantity.fill("99999");
  await ticket.getByText(/the instrument takes at most/).waitFor();
  await quantity.fill("");
}

async function keysAsk({ page, screen }, product) {
  const limit = { ...BITCOIN, side: "buy", order_type: "limit", quantity: "0.01" };
  await place(product, { ...limit, price: await priceNear(product, BITCOIN, 0.98) });
  await place(product, { ...limit, quantity: "0.02", price: await priceNear(product, BITCOIN, 0.97) });
  await page.getByRole("tab", { name: /^Open orders 2/ }).click();

  await page.keyboard.press("c");
  const one = await screen.dialogInSight(`Cancel buy 0.02 ${BITCOIN.instrument_id}?`);
  await page.keyboard.press("Enter");
  await one.waitFor({ state: "detached" });
  checkEqual((await openOrders(product)).length, 2, "orders after C and Enter");
  await page.keyboard.press("c");
  await one.getByRole("button", { name: "Cancel the order" }).click();
  await one.waitFor({ state: "detached" });
  await until("the newest has ended", async () => (await openOrders(product)).length === 1);

  await page.keyboard.press("Shift+C");
  const all = await screen.dialogInSight(/^Cancel all orders of/);
  checkEqual((await openOrders(product)).length, 1, "orders after Shift+C");
  await all.getByRole("button", { name: "Keep them" }).click();
  await all.waitFor({ state: "detached" });

  await page.keyboard.press("f");
  await screen.dialogInSight(`Nothing is held in ${BITCOIN.instrument_id}`);
  await page.keyboard.press("Escape");
}

async function movedLineAsks({ page, screen }, product) {
  await product.ask("POST", "/orders/cancel-all", BITCOIN);
  const price = await priceNear(product, BITCOIN, 0.9995);
  const before = await place(product, {
    ...BITCOIN,
    side: "buy",
    order_type: "limit",
    quantity: "0.01",
    price,
  });
  await page
    .getByRole("tabpanel", { name: /^Open orders/ })
    .getByText(price.replace(/\B(?=(\d{3})+$)/g, "\u2009"))
    .waitFor();
  const chart = page.getByRole("group", { name: /^Price chart/ });
  const box = await chart.boundingBox();
  const x = box.x + box.width / 2;
  const y = await heightOfLine(page, chart, box, x);
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x, y - 12, { steps: 4 });
  await page.mouse.up();
  const dialog = await screen.dialogInSight(`Change buy 0.01 ${BITCOIN.instrument_id}?`);
  checkEqual((await openOrders(product))[0].price, before.price, "the price before the answer");
  const asked = await dialog.getByLabel("Limit").inputValue();
  check(Number(asked) > Number(before.price), `moved up: ${before.price} to ${asked}`);
  await dialog.getByRole("button", { name: "Change it" }).click();
  await until("the order has the new price", async () => {
    const [now] = await openOrders(product);
    return Number(now?.price) === Number(asked);
  });
}

/** Where the pointer says that a line can be taken: the chart is a canvas, it has no elements. */
async function heightOfLine(page, chart, box, x) {
  for (let y = box.y + 4; y < box.y + box.height - 80; y += 4) {
    await page.mouse.move(x, y);
    if ((await chart.evaluate((element) => element.style.cursor)) === "ns-resize") return y;
  }
  throw new Error("no line of an order on the chart");
}

async function oneClick(desk, product) {
  const { page, screen, ticket } = desk;
  await product.ask("POST", "/orders/cancel-all", BITCOIN);
  const bid = screen.panel("Depth").getByRole("button", { name: /^bid / });
  await desk.write({ side: "buy", quantity: "0.01", limit: await priceNear(product, BITCOIN, 0.98) });
  await bid.last().click();
  checkEqual((await openOrders(product)).length, 0, "orders after a click that is not armed");

  await ticket.getByRole("button", { name: "Arm one-click trading from the book" }).click();
  const dialog = await screen.dialogInSight(/^Arm one-click trading/);
  checkEqual(await page.evaluate(() => document.activeElement?.textContent), "Cancel", "what has the focus");
  await dialog.getByRole("button", { name: "Arm", exact: true }).click();
  await ticket.getByText("One click sends.").waitFor();
  await bid.last().click();
  await until("one order came of one click", async () => {
    const { orders } = await product.ask("GET", "/orders/status?status=all&connection_id=bybit-sim&limit=1");
    return orders[0]?.source === "ui" && orders[0].quantity === "0.01" && orders[0].order_type === "limit";
  });
  await ticket.getByRole("button", { name: "Disarm" }).click();
  await ticket.getByRole("button", { name: "Arm one-click trading from the book" }).waitFor();
}
