import { check, PATIENCE_MS, until } from "./waiting.mjs";

export const DESKTOP = { width: 1360, height: 850 };
export const PHONE = { width: 390, height: 844 };

/** One page of the screen, with the words of its parts; collects what the page complains about. */
export class Screen {
  constructor(page, product, origin) {
    this.page = page;
    this.product = product;
    this.origin = origin;
    this.complaints = [];
    page.setDefaultTimeout(PATIENCE_MS);
    page.on("pageerror", (error) => this.complaints.push(`error in the page: ${error.message}`));
    page.on("console", (message) => this.#heard(message));
  }

  /** A page of its own, in a session of its own. */
  static async open(
    browser,
    product,
    { viewport = DESKTOP, theme = "dark", signedIn = true, origin = product.url } = {},
  ) {
    const context = await browser.newContext({ viewport, timezoneId: "UTC", locale: "en-GB" });
    const screen = new Screen(await context.newPage(), product, origin);
    await screen.page.addInitScript(keepChoices, { key: signedIn ? product.key : null, theme });
    return screen;
  }

  /** Go to a place, `/trade` for example, and wait until the shell is linked. */
  async visit(place) {
    await this.page.goto(`${this.origin}/app${place}`);
    await this.linked();
  }

  /** The shell is there and reads the stream. */
  async linked() {
    await this.page.getByRole("status").filter({ hasText: "Linked to Edgerunner" }).waitFor();
  }

  /** Choose an instrument by the search, as a person does. */
  async chooseMarket(connectionId, text, instrumentId) {
    const search = this.page.getByRole("search");
    await search.getByLabel("Broker").selectOption(connectionId);
    await search.getByRole("combobox", { name: "Search an instrument" }).fill(text);
    await search.getByRole("option", { name: instrumentId }).click();
    await this.panel(`${instrumentId} at ${connectionId}`).waitFor();
  }

  /** A panel by its title. */
  panel(title) {
    return this.page.getByRole("region", { name: title, exact: true });
  }

  /** The open dialog, proven to be in sight: what lies at its middle and at its corners belongs to it. */
  async dialogInSight(name) {
    const dialog = this.page.getByRole("dialog", { name });
    await dialog.waitFor();
    const covered = await until(`the dialog ${name} lies above everything`, () =>
      dialog.evaluate(isOnTop).then((on) => on && "yes"),
    );
    check(covered === "yes", `the dialog ${name} is in sight`);
    return dialog;
  }

  /** Wait until the screen shows something and nothing of it loads any more. */
  async settled() {
    await this.page.waitForFunction(isSettled);
  }

  async close() {
    await this.page.context().close();
  }

  #heard(message) {
    const isExpected = /Failed to load resource|WebSocket connection to/.test(message.text());
    if (message.type() === "error" && !isExpected) this.complaints.push(message.text());
  }
}

/** Runs in the page before it: the key for the tab, and the theme among what the user chose. */
function keepChoices({ key, theme }) {
  if (window !== window.top) return;
  if (key !== null) sessionStorage.setItem("edgerunner.key", key);
  if (localStorage.getItem("edgerunner.ui") === null) {
    localStorage.setItem("edgerunner.ui", JSON.stringify({ state: { theme }, version: 1 }));
  }
}

/** Runs in the page: a panel, a form or a sentence is there, and no panel loads. */
function isSettled() {
  const isLoading = document.querySelector('main [aria-busy="true"], main [aria-label="loading"]') !== null;
  return !isLoading && document.querySelector("main section, main form, main p") !== null;
}

/** Runs in the page: whether nothing lies above an element at its middle and near its corners. */
function isOnTop(element) {
  const box = element.getBoundingClientRect();
  const points = [0.5, 0.1, 0.9].flatMap((x) => [0.5, 0.1, 0.9].map((y) => [x, y]));
  return points.every(([x, y]) => {
    const found = document.elementFromPoint(box.left + box.width * x, box.top + box.height * y);
    return found !== null && element.contains(found);
  });
}

/** What a panel's canvases show, as one short text that changes with any pixel. */
export function pixelsOf(locator) {
  return locator.locator("canvas").evaluateAll(async (canvases) => {
    const parts = canvases.map((canvas) => canvas.toDataURL());
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(parts.join()));
    return Array.from(new Uint8Array(digest).slice(0, 8), (byte) => byte.toString(16)).join("");
  });
}

/** How many different colours a panel's canvases show: an empty one shows one or two. */
export function coloursOf(locator) {
  return locator.locator("canvas").evaluateAll((canvases) => {
    const colours = new Set();
    for (const canvas of canvases) {
      if (canvas.width === 0 || canvas.height === 0) continue;
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      for (let at = 0; at < data.length; at += 4 * 7)
        colours.add((data[at] << 16) | (data[at + 1] << 8) | data[at + 2]);
    }
    return colours.size;
  });
}
