import { BITCOIN, bringToLife, leaveNothing } from "../harness/life.mjs";
import { PLACES } from "../harness/places.mjs";
import { PHONE } from "../harness/screen.mjs";

export const name =
  "no screen scrolls sideways on a phone, with data; what is wider scrolls in its own place";

export async function story({ open, product }) {
  const found = [];
  try {
    const run = await bringToLife(product);
    const screen = await open({ viewport: PHONE });
    await screen.visit("/trade");
    await screen.chooseMarket(BITCOIN.connection_id, "BTCUSDT", BITCOIN.instrument_id);
    for (const place of [...PLACES, "/strategies/sample-sma", `/backtest/${run.run_id}`]) {
      await screen.visit(place);
      await screen.settled();
      found.push(...(await screen.page.evaluate(tooWide)).map((each) => `${place}: ${each}`));
    }
  } finally {
    await leaveNothing(product);
  }
  if (found.length > 0) throw new Error(`wider than the phone\n  ${found.join("\n  ")}`);
}

/** Runs in the page: what makes the page or its main part wider than the window. */
function tooWide() {
  const width = document.documentElement.clientWidth;
  const roots = [document.documentElement, document.querySelector("main")];
  if (roots.every((root) => root.scrollWidth <= root.clientWidth)) return [];
  const isFree = (element) => {
    for (let at = element.parentElement; at !== null && at.tagName !== "MAIN"; at = at.parentElement) {
      if (getComputedStyle(at).overflowX !== "visible") return false;
    }
    return true;
  };
  const wide = [...document.querySelectorAll("main *")].filter(
    (each) => each.getBoundingClientRect().right > width + 1 && isFree(each),
  );
  return wide.slice(0, 3).map((each) => `${each.tagName} ${each.className} ${each.textContent.slice(0, 40)}`);
}
