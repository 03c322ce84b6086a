// Photographs every screen in both themes, on a desk and on a phone, with real data: node e2e/screenshots.mjs OUT
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { launch } from "./harness/browser.mjs";
import { BITCOIN, bringToLife } from "./harness/life.mjs";
import { PLACES } from "./harness/places.mjs";
import { Product } from "./harness/product.mjs";
import { DESKTOP, PHONE, Screen } from "./harness/screen.mjs";

const [out, ...words] = process.argv.slice(2);
if (out === undefined) throw new Error("node e2e/screenshots.mjs OUT [word of a screen ...]");
const places = PLACES.filter((place) => words.length === 0 || words.some((word) => place.includes(word)));
await mkdir(out, { recursive: true });

const SIZES = { desk: DESKTOP, phone: PHONE };
const browser = await launch();
const product = await Product.begin();
try {
  await bringToLife(product);
  for (const theme of ["dark", "light"]) {
    for (const size of Object.keys(SIZES)) await photograph(theme, size);
  }
} finally {
  await browser.close();
  await product.stop();
}

async function photograph(theme, size) {
  const screen = await Screen.open(browser, product, { theme, viewport: SIZES[size] });
  const { page } = screen;
  const shoot = (name) => page.screenshot({ path: join(out, `${name}-${theme}-${size}.png`) });
  await screen.visit("/trade");
  await screen.chooseMarket(BITCOIN.connection_id, "BTCUSDT", BITCOIN.instrument_id);
  for (const place of places) {
    await screen.visit(place);
    await screen.settled();
    await shoot(place.slice(1));
  }
  await page.getByRole("button", { name: "KILL" }).click();
  await screen.dialogInSight("Stop all trading?");
  await shoot("kill");
  const complaints = screen.complaints.map((each) => `${theme} ${size}: ${each}\n`);
  process.stdout.write(complaints.join(""));
  await screen.close();
}
