import { BITCOIN, clearBitcoin, ledgerOrder, place, priceNear } from "../harness/life.mjs";
import { TradeDesk } from "../harness/trading.mjs";
import { check, checkEqual, until } from "../harness/waiting.mjs";

export const name =
  "the API is killed: the screen says that all is old, and is whole again after it came back with a new epoch";

export async function story({ open, product }) {
  const order = await place(product, {
    ...BITCOIN,
    side: "buy",
    order_type: "limit",
    quantity: "0.02",
    price: await priceNear(product, BITCOIN, 0.98),
  });
  const screen = await open();
  const epochs = epochsOf(screen.page);
  await screen.visit("/trade");
  await screen.chooseMarket("bybit-sim", "BTCUSDT", "BTCUSDT-LINEAR.BYBIT");
  const depth = screen.panel("Depth");
  await depth.getByRole("button", { name: /^bid / }).first().waitFor();

  await product.kill();
  await screen.page.getByRole("status").filter({ hasText: "Everything shown is old." }).waitFor();
  await depth.getByText("disconnected").waitFor();
  check(await depth.getByText(/No link to Edgerunner/).isVisible(), "the book says that it is old");
  checkEqual(await depth.locator("[inert]").count(), 1, "parts of the book that cannot be clicked any more");
  await product.control("POST", "/sim/fill", {
    broker: "bybit",
    client_key: order.client_order_id,
    quantity: "0.01",
  });

  const before = new Set(epochs);
  await product.start();
  await screen.page.getByRole("status").filter({ hasText: "Linked to Edgerunner" }).waitFor();
  await until("the stream speaks of a new epoch", () => [...epochs].some((epoch) => !before.has(epoch)));
  await depth.getByRole("button", { name: /^bid / }).first().waitFor();
  await until("the order is what the ledger says, partly filled", async () => {
    const { orders } = await product.ask("GET", `/orders/status?client_order_id=${order.client_order_id}`);
    const { filled_quantity } = await ledgerOrder(product, "bybit", order.client_order_id);
    return Number(filled_quantity) === 0.01 && Number(orders[0].filled_quantity) === 0.01;
  });
  const desk = new TradeDesk(screen);
  await (await desk.list("Open orders")).getByRole("row").filter({ hasText: "0.01 / 0.02" }).waitFor();
  await (await desk.list("Positions"))
    .getByRole("row")
    .filter({ hasText: /long 0.01 coins/ })
    .waitFor();
  await clearBitcoin(product);
}

/** The epochs of the frames that the page receives, as they come. */
function epochsOf(page) {
  const epochs = new Set();
  page.on("websocket", (socket) =>
    socket.on("framereceived", ({ payload }) => {
      const { epoch } = JSON.parse(String(payload));
      if (epoch != null) epochs.add(epoch);
    }),
  );
  return epochs;
}
