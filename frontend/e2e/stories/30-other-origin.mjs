import { BITCOIN, backtest, clearBitcoin, priceNear } from "../harness/life.mjs";
import { StaticScreen } from "../harness/static-screen.mjs";
import { openOrders, TradeDesk } from "../harness/trading.mjs";
import { check, checkEqual, until } from "../harness/waiting.mjs";

export const name =
  "the screen on an origin of its own: signs in, streams, trades, changes a limit and opens a report; unlisted origins are told why not";

export async function story({ open, product, elsewhere }) {
  elsewhere.leadTo(product);
  const run = await backtest(product);
  const screen = await open({ origin: elsewhere.origin, signedIn: false });
  await signIn(screen, product);
  await trade(screen, product);
  await report(screen, run);
  await limit(screen, product);
  await isRefusedElsewhere(open, product);
}

async function signIn(screen, product) {
  const { page } = screen;
  await page.goto(`${screen.origin}/app/`);
  await page.getByLabel("API key").fill(product.key);
  await page.getByRole("button", { name: "Sign in" }).click();
  await screen.linked();
  checkEqual(new URL(page.url()).origin, screen.origin, "where the page is");
  check(screen.origin !== product.url, "the API is elsewhere");
}

async function trade(screen, product) {
  await screen.visit("/trade");
  await screen.chooseMarket(BITCOIN.connection_id, "BTCUSDT", BITCOIN.instrument_id);
  const depth = screen.panel("Depth");
  await depth.getByRole("button", { name: /^bid / }).first().waitFor();
  const before = await depth.innerText();
  await until("the book moves", async () => (await depth.innerText()) !== before);
  const desk = new TradeDesk(screen);
  await desk.write({ side: "buy", quantity: "0.01", limit: await priceNear(product, BITCOIN, 0.99) });
  await desk.send();
  await desk.note.getByText("working").waitFor();
  const [order] = await openOrders(product);
  checkEqual([order.source, order.quantity], ["ui", "0.01"], "the order at the API");
  await clearBitcoin(product);
}

async function report(screen, run) {
  const { page } = screen;
  await screen.visit(`/backtest/${run.run_id}`);
  await page.getByRole("button", { name: "Open the report" }).click();
  await screen.dialogInSight("Backtest report");
  const frame = page.frameLocator('iframe[title="Backtest report"]');
  await until("its curves are drawn", async () => (await frame.locator("canvas").count()) > 0);
}

/** A call with PUT: browsers ask beforehand whether they may. */
async function limit(screen, product) {
  const { page } = screen;
  await screen.visit("/risk");
  await page.getByRole("button", { name: "Limits of Everything" }).click();
  const dialog = await screen.dialogInSight("Limits: Everything");
  await dialog.getByLabel("Working orders").fill("77");
  await dialog.getByRole("button", { name: "Save limits" }).click();
  await dialog.waitFor({ state: "detached" });
  const { scopes } = await product.ask("GET", "/risk");
  checkEqual(scopes.find(({ scope }) => scope === "all")?.limits.max_open_orders, 77, "the limit at the API");
  await product.ask("PUT", "/risk/limits", { scope: "all", limits: {} });
}

async function isRefusedElsewhere(open, product) {
  const unlisted = await StaticScreen.begin();
  try {
    unlisted.leadTo(product);
    const { page, complaints } = await open({ origin: unlisted.origin, signedIn: false });
    await page.goto(`${unlisted.origin}/app/`);
    const told = page.getByRole("alert").filter({ hasText: "EDGERUNNER_CORS_ORIGINS" });
    await told.waitFor();
    check((await told.innerText()).includes(unlisted.origin), "the origin to be listed is named");
    complaints.length = 0;
  } finally {
    await unlisted.stop();
  }
}
