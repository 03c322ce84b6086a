import { Product } from "../harness/product.mjs";
import { checkEqual, until } from "../harness/waiting.mjs";

export const name =
  "a live account looks live, takes no order until it is armed by its name, and asks in sight before each one";

const LIVE = { connection_id: "ibkr-live", instrument_id: "AAPL.IBKR" };
const ACCOUNT = "U1000001";

/** In a product of its own: real money must be allowed when it starts. */
export async function story({ open }) {
  const product = await Product.begin({ EDGERUNNER_ALLOW_LIVE: "true" });
  try {
    await connectLive(product);
    const desk = await LiveDesk.open(await open({ product }));
    await looksLive(desk);
    await takesNothingUnarmed(desk);
    await armByName(desk);
    await asksInSight(desk);
  } finally {
    await product.stop();
  }
}

async function connectLive(product) {
  await product.control("POST", "/sim/faults", { broker: "ibkr", fault: "ibkr.live_account" });
  await product.ask("POST", "/broker/connect", {
    broker: "ibkr",
    environment: "live",
    connection_id: LIVE.connection_id,
    credentials: { host: "127.0.0.1", port: String(product.simulators.ibkr), client_id: "31" },
  });
  await until("the live account is connected", async () => {
    const { connections } = await product.ask("GET", "/broker/connections");
    const found = connections.find((each) => each.connection_id === LIVE.connection_id);
    return found?.status === "connected" && found.accounts[0]?.live;
  });
}

/** The Trade screen with one share of the live account. */
class LiveDesk {
  constructor(screen) {
    this.screen = screen;
    this.page = screen.page;
    this.product = screen.product;
    this.ticket = screen.panel("Ticket");
    this.note = this.ticket.locator('[aria-live="polite"]');
  }

  static async open(screen) {
    await screen.visit("/trade");
    await screen.chooseMarket(LIVE.connection_id, "AAPL", LIVE.instrument_id);
    const desk = new LiveDesk(screen);
    await desk.ticket.getByLabel("Quantity (shares)").waitFor();
    return desk;
  }

  async write() {
    const { bid } = await this.product.ask("GET", `/market/ticker?${new URLSearchParams(LIVE)}`);
    await this.ticket.getByLabel("Order type").selectOption({ label: "limit" });
    await this.ticket.getByLabel("Limit USD").fill((Number(bid) * 0.98).toFixed(2));
    await this.ticket.getByLabel("Quantity (shares)").fill("1");
  }

  /** Ask to send; the dialog, proven in sight with the way out in focus. */
  async review() {
    await this.ticket.locator('button[aria-keyshortcuts="Control+Enter"]').click();
    const dialog = await this.screen.dialogInSight(`Buy 1 shares of ${LIVE.instrument_id}?`);
    const focused = await this.page.evaluate(() => document.activeElement?.textContent);
    checkEqual(focused, "Cancel", "what has the focus");
    return dialog;
  }

  async orders() {
    const { orders } = await this.product.ask(
      "GET",
      `/orders/status?status=all&connection_id=${LIVE.connection_id}`,
    );
    return orders;
  }
}

async function looksLive({ page, product, ticket }) {
  await until("the tab's title tells the mode", async () => (await page.title()).includes("LIVE"));
  checkEqual(await page.locator("[data-mode]").getAttribute("data-mode"), "live", "the frame's mode");
  await ticket.getByText("LIVE: real money").waitFor();
  checkEqual((await product.ask("GET", "/risk")).armed, [], "what is armed before anybody armed it");
}

async function takesNothingUnarmed(desk) {
  await desk.write();
  const dialog = await desk.review();
  await dialog.getByText("real money").waitFor();
  await desk.page.keyboard.press("Control+Enter");
  await desk.note.getByText("live_not_allowed").waitFor();
  checkEqual(await desk.orders(), [], "orders of a live account that is not armed");
}

async function armByName({ screen, page, product }) {
  await screen.visit("/risk");
  const button = page.getByRole("button", { name: "Arm for real money" });
  const field = page.getByLabel("Repeat the account's id");
  await field.fill("U100000");
  checkEqual(await button.isEnabled(), false, "whether another name arms");
  await field.fill(ACCOUNT);
  await button.click();
  await page.getByText(/Armed until/).waitFor();
  const { armed } = await product.ask("GET", "/risk");
  checkEqual(
    armed.map((each) => [each.connection_id, each.account_id]),
    [[LIVE.connection_id, ACCOUNT]],
    "what is armed",
  );
}

async function asksInSight({ screen, product }) {
  const desk = await LiveDesk.open(screen);
  await desk.write();
  await desk.review();
  await desk.page.keyboard.press("Enter");
  await desk.page.getByRole("dialog").waitFor({ state: "detached" });

  const dialog = await desk.review();
  const hold = dialog.getByRole("button", { name: "Hold to buy" });
  await hold.click();
  checkEqual(await desk.orders(), [], "orders after Cancel and after a click");
  await hold.click({ delay: 900 });
  await desk.note.getByText("working").waitFor();
  const [order, ...others] = await desk.orders();
  checkEqual([order.account_id, order.quantity, others.length], [ACCOUNT, "1", 0], "the one order");
  await product.ask("DELETE", `/orders/${order.client_order_id}`);
  await desk.note.getByText("canceled").waitFor();
}
