import { checkEqual, LONG_PATIENCE_MS, until } from "./waiting.mjs";

export const BITCOIN = { connection_id: "bybit-sim", instrument_id: "BTCUSDT-LINEAR.BYBIT" };

/** The best bid of an instrument times `share`, in whole units of its quote currency. */
export async function priceNear(product, market, share) {
  const query = new URLSearchParams(market);
  const { bid } = await product.ask("GET", `/market/ticker?${query}`);
  return (Number(bid) * share).toFixed(0);
}

/** Place an order past the screen. */
export async function place(product, terms) {
  return (await product.ask("POST", "/trade", terms)).order;
}

/** What the simulated broker itself has of an order. */
export async function ledgerOrder(product, broker, clientKey) {
  const { orders } = await product.control("GET", `/sim/ledger?broker=${broker}`);
  return orders.find((order) => order.client_key === clientKey);
}

/** What the simulated broker itself holds, signed; "0" when flat. */
export async function ledgerPosition(product, broker, symbol) {
  const { accounts } = await product.control("GET", `/sim/ledger?broker=${broker}`);
  return accounts.flatMap((each) => each.positions).filter((each) => each.symbol === symbol);
}

/** Leave nothing behind: no working order and no position at the simulated Bybit. */
export async function clearBitcoin(product) {
  await product.ask("POST", "/orders/cancel-all", BITCOIN);
  await product.ask("POST", "/positions/close", BITCOIN);
  await until("nothing works or is held at Bybit", async () => {
    const query = `connection_id=${BITCOIN.connection_id}`;
    const [{ orders }, { positions }] = await Promise.all([
      product.ask("GET", `/orders/status?status=open&${query}`),
      product.ask("GET", `/positions?${query}`),
    ]);
    const held = positions.filter(
      (each) => each.instrument_id === BITCOIN.instrument_id && each.side !== "flat",
    );
    return orders.length === 0 && held.length === 0;
  });
}

/** Orders, positions, a running strategy and a finished backtest: what the screens are photographed with. */
export async function bringToLife(product) {
  const market = { ...BITCOIN, order_type: "market" };
  const limit = { ...BITCOIN, order_type: "limit" };
  await place(product, { ...market, side: "buy", quantity: "0.05" });
  await place(product, { ...market, side: "sell", quantity: "0.02" });
  await place(product, {
    ...limit,
    side: "buy",
    quantity: "0.1",
    price: await priceNear(product, BITCOIN, 0.995),
  });
  await place(product, {
    ...limit,
    side: "sell",
    quantity: "0.03",
    price: await priceNear(product, BITCOIN, 1.004),
  });
  await place(product, {
    ...limit,
    side: "buy",
    quantity: "0.02",
    price: await priceNear(product, BITCOIN, 0.99),
    take_profit: { price: await priceNear(product, BITCOIN, 1.02) },
    stop_loss: { trigger_price: await priceNear(product, BITCOIN, 0.97) },
  });
  await place(product, {
    connection_id: "mt5-sim",
    instrument_id: "BTCUSD.MT5",
    side: "buy",
    order_type: "market",
    quantity: "0.5",
  });
  await product.control("POST", "/sim/faults", { broker: "bybit", fault: "reject", match: { op: "place" } });
  await place(product, { ...market, side: "buy", quantity: "0.01" });
  await product.ask("POST", "/strategies/sample-sma/start");
  return backtest(product);
}

/** Run the sample strategy over the newest bars of the simulated Bybit; the finished run. */
export async function backtest(product) {
  const run = await product.ask("POST", "/backtest/run", {
    strategy: "SmaCross",
    parameters: { fast: 10, slow: 30, quantity: 0.01 },
    instrument_id: BITCOIN.instrument_id,
    timeframe: "1m",
    data: { connection_id: BITCOIN.connection_id },
    initial_cash: "10000",
    fees: { maker: "0.0002", taker: "0.00055" },
  });
  const ended = await until(
    "the backtest has ended",
    async () => {
      const now = await product.ask("GET", `/backtest/runs/${run.run_id}`);
      return ["completed", "failed", "canceled"].includes(now.state) && now;
    },
    LONG_PATIENCE_MS,
  );
  checkEqual(ended.state, "completed", `the backtest's end (${JSON.stringify(ended.error)})`);
  return ended;
}

/** After a story that broke off: no fault, no halt, no running strategy, no working order, no position of its making. */
export async function leaveNothing(product) {
  await product.control("DELETE", "/sim/faults");
  await product.ask("POST", "/risk/resume", { scope: "all" });
  const { strategies } = await product.ask("GET", "/strategies");
  for (const { strategy_id, state } of strategies) {
    if (state === "running" || state === "paused")
      await product.ask("POST", `/strategies/${strategy_id}/stop`);
  }
  await clearBitcoin(product);
  await product.ask("POST", "/positions/close", { connection_id: "mt5-sim" });
}
