// Photographs every screen in both themes, on a desk and on a phone, with real data: node e2e/screenshots.mjs OUT
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { launch } from "./harness/browser.mjs";
import { BITCOIN, bringToLife } from "./harness/life.mjs";
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
  const places = [...PLACES, "/strategies/sample-sma", `/backtest/${run.run_id}`].filter(
    (place) => words.length === 0 || words.some((word) => place.includes(word)),
  );
  for (const theme of ["dark", "light"]) {
    for (const size of Object.keys(SIZES)) await photograph(theme, size, places);
  }
} finally {
  await browser.close();
  await product.stop();
}

async function photograph(theme, size, places) {
  const screen = await Screen.open(browser, product, { theme, viewport: SIZES[size] });
  const { page } = screen;
  const shoot = (name) => page.screenshot({ path: join(out, `${name}-${theme}-${size}.png`) });
  await screen.visit("/trade");
  await screen.chooseMarket(BITCOIN.connection_id, "BTCUSDT", BITCOIN.instrument_id);
  for (const place of places) {
    await screen.visit(place);
    await screen.settled();
    if (place === "/trade") await until("the candles are drawn", () => isDrawn(page));
    await shoot(nameOf(place));
  }
  await page.getByRole("button", { name: "KILL" }).click();
  await screen.dialogInSight("Stop all trading?");
  await shoot("kill");
  const complaints = screen.complaints.map((each) => `${theme} ${size}: ${each}\n`);
  process.stdout.write(complaints.join(""));
  await screen.close();
}

async function isDrawn(page) {
  return (await coloursOf(page.getByRole("group", { name: /^Price chart/ }))) > 4;
}

/** "/backtest/RUN" becomes "backtest-one". */
function nameOf(place) {
  const [, page, detail] = place.split("/");
  return detail === undefined ? page : `${page}-one`;
}
