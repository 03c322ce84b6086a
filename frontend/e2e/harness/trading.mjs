import { BITCOIN } from "./life.mjs";

/** The Trade screen with the simulated Bybit's perpetual, in a person's words. */
export class TradeDesk {
  constructor(screen) {
    this.screen = screen;
    this.page = screen.page;
    this.ticket = screen.panel("Ticket");
    this.note = this.ticket.locator('[aria-live="polite"]');
  }

  static async open(open) {
    const screen = await open();
    await screen.visit("/trade");
    await screen.chooseMarket(BITCOIN.connection_id, "BTCUSDT", BITCOIN.instrument_id);
    const desk = new TradeDesk(screen);
    await screen.panel("Depth").getByRole("button", { name: /^bid / }).first().waitFor();
    await desk.ticket.getByLabel("Quantity (coins)").waitFor();
    return desk;
  }

  /** Fill the ticket's fields; `limit` missing = a market order. */
  async write({ side, quantity, limit, takeProfit = "", stopLoss = "" }) {
    await this.ticket.getByRole("radio", { name: side === "buy" ? "Buy" : "Sell" }).check({ force: true });
    await this.ticket
      .getByLabel("Order type")
      .selectOption({ label: limit === undefined ? "market" : "limit" });
    if (limit !== undefined) await this.ticket.getByLabel("Limit USDT").fill(limit);
    await this.ticket.getByLabel("Quantity (coins)").fill(quantity);
    await this.ticket.getByLabel("Take profit").fill(takeProfit);
    await this.ticket.getByLabel("Stop loss", { exact: true }).fill(stopLoss);
  }

  /** Press the one button that sends. */
  async send() {
    await this.ticket.locator('button[aria-keyshortcuts="Control+Enter"]').click();
  }

  /** A list beneath the chart: Positions, Open orders or Fills. */
  async list(name) {
    await this.page.getByRole("tab", { name: new RegExp(`^${name}`) }).click();
    return this.page.getByRole("tabpanel", { name: new RegExp(`^${name}`) });
  }
}

/** The open orders of the market as the API has them, newest first. */
export async function openOrders(product) {
  const query = `status=open&connection_id=${BITCOIN.connection_id}`;
  const { orders } = await product.ask("GET", `/orders/status?${query}`);
  return orders.filter((order) => order.instrument_id === BITCOIN.instrument_id);
}
