import { checkEqual, until } from "../harness/waiting.mjs";

export const name = "the kill switch asks in sight, halts, cancels what works and says so step by step";

const ORDER = {
  connection_id: "bybit-sim",
  instrument_id: "BTCUSDT-LINEAR.BYBIT",
  side: "buy",
  order_type: "limit",
  quantity: "0.01",
};

export async function story({ open, product }) {
  const { order } = await product.ask("POST", "/trade", { ...ORDER, price: await farBelow(product) });
  const screen = await open();
  const { page } = screen;
  await screen.visit("/trade");
  try {
    await page.getByRole("button", { name: "KILL" }).click();
    const dialog = await screen.dialogInSight("Stop all trading?");
    checkEqual(
      await page.evaluate(() => document.activeElement?.textContent),
      "Go back",
      "what has the focus",
    );
    await dialog.getByRole("button", { name: "Go back" }).click();
    checkEqual((await product.ask("GET", "/risk")).state, "active", "the state after going back");

    await page.keyboard.press("Control+Alt+K");
    await screen.dialogInSight("Stop all trading?");
    await dialog.getByRole("button", { name: "Halt and cancel orders" }).click();
    const steps = dialog.getByRole("list", { name: "What was done" });
    await steps.getByText(/done.*halt/).waitFor();
    await steps.getByText(/done.*cancel orders: 1 of 1/).waitFor();
    await screen.dialogInSight("Stop all trading?");
    await dialog.getByRole("button", { name: "Close" }).click();
    await until("the simulator's ledger has the order ended", async () => {
      const ledger = await product.control("GET", "/sim/ledger?broker=bybit");
      return ledger.orders.find((each) => each.client_key === order.client_order_id)?.live === false;
    });
  } finally {
    await product.ask("POST", "/risk/resume", { scope: "all" });
  }
}

async function farBelow(product) {
  const { bid } = await product.ask(
    "GET",
    "/market/ticker?connection_id=bybit-sim&instrument_id=BTCUSDT-LINEAR.BYBIT",
  );
  return (Number(bid) * 0.97).toFixed(0);
}
