// Photographs every screen in both themes, on a desk and on a phone, with real data: node e2e/screenshots.mjs OUT
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { launch } from "./harness/browser.mjs";
import { BITCOIN, bringToLife } from "./harness/life.mjs";
import { addPerson, enterPassword, signedIn } from "./harness/people.mjs";
import { PLACES } from "./harness/places.mjs";
import { Product } from "./harness/product.mjs";
import { coloursOf, DESKTOP, PHONE, Screen } from "./harness/screen.mjs";
import { until } from "./harness/waiting.mjs";

const [out, ...words] = process.argv.slice(2);
if (out === undefined) throw new Error("node e2e/screenshots.mjs OUT [word of a screen ...]");
await mkdir(out, { recursive: true });

const SIZES = { desk: DESKTOP, phone: PHONE };
const browser = await launch();
const product = await Product.begin();
try {
  const run = await bringToLife(product);
  await addPerson(product, "vera", "viewer");
  await addPerson(product, "tom", "trader");
  await product.ask("POST", "/api-keys", {
    name: "a bot of mine",
    scopes: ["read", "trade"],
    allowed_ips: [],
  });
  const places = [...PLACES, "/strategies/sample-sma", `/backtest/${run.run_id}`].filter(
    (place) => words.length === 0 || words.some((word) => place.includes(word)),
  );
  for (const theme of ["dark", "light"]) {
    for (const size of Object.keys(SIZES)) {
      await photograph(theme, size, places, run);
      if (words.length === 0) await photographPeople(theme, size);
    }
  }
} finally {
  await browser.close();
  await product.stop();
}

async function photograph(theme, size, places, run) {
  const screen = await Screen.open(browser, product, { theme, viewport: SIZES[size] });
  const { page } = screen;
  const shoot = (name) => page.screenshot({ path: join(out, `${name}-${theme}-${size}.png`) });
  await screen.visit("/trade");
  await screen.chooseMarket(BITCOIN.connection_id, "BTCUSDT", BITCOIN.instrument_id);
  for (const place of places) {
    await screen.visit(place);
    await screen.settled();
    if (place === "/trade") await until("the candles are drawn", () => isDrawn(page));
    if (place === `/backtest/${run.run_id}`) await photographReport(screen, shoot);
    await shoot(nameOf(place));
  }
  await page.getByRole("button", { name: "KILL" }).click();
  await screen.dialogInSight("Stop all trading?");
  await shoot("kill");
  const complaints = screen.complaints.map((each) => `${theme} ${size}: ${each}\n`);
  process.stdout.write(complaints.join(""));
  await screen.close();
}

async function photographReport({ page }, shoot) {
  await page.getByRole("button", { name: "Open the report" }).click();
  const chart = page.frameLocator('iframe[title="Backtest report"]').locator("#equity-chart");
  await until("the report's curve is drawn", async () => (await coloursOf(chart)) > 4);
  await shoot("report");
  await page.getByRole("button", { name: "Close" }).click();
}

/** Signing in, what a viewer sees, and the dialogs that show something once. */
async function photographPeople(theme, size) {
  const open = (options) => Screen.open(browser, product, { theme, viewport: SIZES[size], ...options });
  const shooting = (page) => (name) => page.screenshot({ path: join(out, `${name}-${theme}-${size}.png`) });

  const visitor = await open({ signedIn: false });
  await visitor.page.goto(`${product.url}/app/`);
  await visitor.page.getByLabel("API key").waitFor();
  await shooting(visitor.page)("sign-in-key");
  await enterPassword(visitor, "vera", "wrong");
  await visitor.page.getByRole("alert").waitFor();
  await shooting(visitor.page)("sign-in-password");
  await visitor.close();

  const viewer = await signedIn(open, "vera");
  await viewer.chooseMarket(BITCOIN.connection_id, "BTCUSDT", BITCOIN.instrument_id);
  for (const place of ["/trade", "/journal", "/settings/users"]) {
    await viewer.visit(place);
    await viewer.settled();
    await shooting(viewer.page)(`viewer-${nameOf(place)}`);
  }
  await viewer.close();

  const trader = await signedIn(open, "tom");
  await trader.visit("/settings/account");
  await trader.page.getByRole("button", { name: "Set it up" }).click();
  await trader.dialogInSight("Set up the second factor");
  await shooting(trader.page)("second-factor");
  await trader.visit("/settings/keys");
  await trader.page.getByRole("button", { name: "New key" }).click();
  await trader.dialogInSight("New API key");
  await shooting(trader.page)("new-key");
  await trader.close();
}

async function isDrawn(page) {
  return (await coloursOf(page.getByRole("group", { name: /^Price chart/ }))) > 4;
}

/** "/backtest/RUN" becomes "backtest-one"; a section of the settings keeps its name. */
function nameOf(place) {
  const [, page, detail] = place.split("/");
  if (detail === undefined) return page;
  return page === "settings" ? `${page}-${detail}` : `${page}-one`;
}
