import { coloursOf, pixelsOf } from "../harness/screen.mjs";
import { check, until } from "../harness/waiting.mjs";

export const name = "chart, table of bars, depth and tape move by themselves";

export async function story({ open }) {
  const screen = await open();
  await screen.visit("/trade");
  await screen.chooseMarket("bybit-sim", "BTCUSDT", "BTCUSDT-LINEAR.BYBIT");
  const market = screen.panel("BTCUSDT-LINEAR.BYBIT at bybit-sim");

  const chart = market.getByRole("group", { name: /^Price chart of BTCUSDT-LINEAR.BYBIT, 1m/ });
  await until(
    "candles are drawn in more than the colours of an empty chart",
    async () => (await coloursOf(chart)) > 4,
  );
  await changes("the chart's pixels", () => pixelsOf(chart));

  const bars = market.getByRole("table", { name: "Newest bars" }).getByRole("row");
  await until("the table has bars", async () => (await bars.count()) > 10);
  await changes("the newest bar of the table", () => bars.last().innerText());

  const depth = screen.panel("Depth");
  await until("both sides of the book are there", async () => {
    const [bids, asks] = await Promise.all([levels(depth, "bid").count(), levels(depth, "ask").count()]);
    return bids >= 3 && asks >= 3;
  });
  await changes("the book", () => depth.innerText());
  check(await isOrdered(depth), "prices of the book fall from the dearest ask to the cheapest bid");
  await changes("the tape", () => screen.panel("Trades").innerText());
}

function levels(depth, side) {
  return depth.getByRole("button", { name: new RegExp(`^${side} `) });
}

/** Read in one go: the book must not move between two of its rows. */
async function isOrdered(depth) {
  const names = await depth
    .getByRole("button")
    .evaluateAll((buttons) => buttons.map((each) => each.textContent));
  const prices = names.map((each) =>
    Number(/^(?:bid|ask) ([\d.\u2009]+)/.exec(each)?.[1].replaceAll("\u2009", "")),
  );
  return prices.every((price, index) => index === 0 || price < prices[index - 1]);
}

async function changes(what, read) {
  const first = await read();
  await until(`${what} changed`, async () => (await read()) !== first);
}
