// A full session with a TWS in an unmodified @stoqey/ib: `node session.mjs HOST PORT`.
// It prints what it saw, and fails where a real TWS would have answered otherwise.

import assert from "node:assert/strict";

import stoqey from "@stoqey/ib";

const { EventName, IBApi, OrderAction, OrderType, SecType, WhatToShow, BarSizeSetting, DurationUnit } = stoqey;
const PATIENCE_MS = 12_000;
const DONE = ["Filled", "Cancelled", "ApiCancelled", "Inactive"];
// Codes that belong to a session where nothing goes wrong.
const EXPECTED = [202, 399, 2103, 2104, 2106, 2107, 2108, 2109, 2158, 10147];

const [host, port] = [process.argv[2], Number(process.argv[3])];
const ib = new IBApi({ host, port, clientId: 3 });
const inbox = [];
const waiting = new Set();
let nextRequest = 1000;
let nextOrder = 0;

for (const name of Object.values(EventName)) {
  if (["all", "result", "received", "sent", "server", "info"].includes(name)) continue;
  ib.on(name, (...args) => {
    inbox.push({ name, args });
    for (const check of [...waiting]) check();
  });
}

const saw = (what, ...details) => console.log(what.padEnd(22), ...details);
const said = (name, wanted = () => true) => inbox.filter((each) => each.name === name && wanted(...each.args));
const found = (name, wanted) => said(name, wanted)[0]?.args;

/** Wait until `condition` gives something, and return that. */
function until(condition, what) {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      waiting.delete(check);
    };
    const check = () => {
      const result = condition();
      if (!result) return;
      stop();
      resolve(result);
    };
    const timer = setTimeout(() => {
      stop();
      const newest = JSON.stringify(inbox.slice(-4), (_, value) => (value instanceof Error ? value.message : value));
      reject(new Error(`waited ${PATIENCE_MS} ms in vain: ${what}; newest: ${newest}`));
    }, PATIENCE_MS);
    waiting.add(check);
    check();
  });
}

/** Ask under a new request id, and wait for the event that ends the answer. */
async function ask(send, end) {
  const id = nextRequest++;
  send(id);
  await until(() => found(end, (number) => number === id), end);
  return id;
}

const statuses = (id) => said(EventName.orderStatus, (number) => number === id).map(({ args }) => args[1]);
const status = (id) => statuses(id).at(-1);

/** Place an order and wait until it has one of the statuses. */
async function place(contract, order, ...wanted) {
  const id = nextOrder++;
  ib.placeOrder(id, contract, { transmit: true, tif: "GTC", ...order });
  await until(() => wanted.includes(status(id)), `${order.orderType} ${order.tif ?? ""} to be ${wanted}: ${statuses(id)}`);
  return id;
}

async function cancel(id) {
  ib.cancelOrder(id);
  await until(() => status(id) === "Cancelled", `cancel of ${id}`);
}

async function connect() {
  ib.connect();
  [nextOrder] = await until(() => found(EventName.nextValidId), "nextValidId");
  const [accounts] = await until(() => found(EventName.managedAccounts), "managedAccounts");
  saw("connected", ib.serverVersion, accounts);
  ib.reqCurrentTime();
  const [seconds] = await until(() => found(EventName.currentTime), "time");
  saw("time", seconds);
  return { account: accounts.split(",")[0], seconds };
}

async function contractOf(description) {
  const id = await ask((number) => ib.reqContractDetails(number, description), EventName.contractDetailsEnd);
  const details = said(EventName.contractDetails, (number) => number === id).map(({ args }) => args[1]);
  assert.ok(details.length > 0, `no ${JSON.stringify(description)}`);
  return details;
}

async function contracts() {
  const [apple] = await contractOf({ symbol: "AAPL", secType: SecType.STK, exchange: "SMART", currency: "USD" });
  const [spy] = await contractOf({ symbol: "SPY", secType: SecType.STK, exchange: "SMART", currency: "USD" });
  const [euro] = await contractOf({ symbol: "EUR", secType: SecType.CASH, exchange: "IDEALPRO", currency: "USD" });
  const months = await contractOf({ symbol: "ES", secType: SecType.FUT, exchange: "CME", currency: "USD" });
  saw("contract details", apple.longName, apple.minTick, apple.timeZoneId);
  saw("futures", months.map((each) => each.contract.localSymbol).join(" "));
  const chain = await ask(
    (id) => ib.reqSecDefOptParams(id, "SPY", "", SecType.STK, spy.contract.conId),
    EventName.securityDefinitionOptionParameterEnd,
  );
  const parameters = found(EventName.securityDefinitionOptionParameter, (id) => id === chain);
  saw("option chain", parameters[1], parameters[5].length, parameters[6].length);
  const samples = await ask((id) => ib.reqMatchingSymbols(id, "AAPL"), EventName.symbolSamples);
  saw("samples", found(EventName.symbolSamples, (id) => id === samples)[1].length);
  ib.reqMarketRule(Number(apple.marketRuleIds.split(",")[0]));
  saw("market rule", JSON.stringify(await until(() => found(EventName.marketRule), "market rule")));
  return { aapl: apple.contract, euro: euro.contract, future: months[0].contract };
}

async function history({ aapl }) {
  const bars = nextRequest++;
  const isBar = (id, time) => id === bars && !String(time).startsWith("finished");
  ib.reqHistoricalData(bars, aapl, "", "1 D", BarSizeSetting.SECONDS_FIVE, WhatToShow.TRADES, 1, 1, true);
  await until(() => found(EventName.historicalData, (id, time) => id === bars && String(time).startsWith("finished")), "bars");
  await until(() => said(EventName.historicalDataUpdate, (id) => id === bars).length >= 2, "bar updates");
  saw("kept bars", said(EventName.historicalData, isBar).length, "and updates");
  ib.cancelHistoricalData(bars);
  await ask((id) => ib.reqHeadTimestamp(id, aapl, WhatToShow.TRADES, true, 1), EventName.headTimestamp);
  const histogram = await ask((id) => ib.reqHistogramData(id, aapl, true, 1, DurationUnit.DAY), EventName.histogramData);
  saw("histogram", found(EventName.histogramData, (id) => id === histogram)[1].length);
}

async function streams({ aapl, euro }) {
  ib.reqMarketDataType(1);
  const ticks = nextRequest++;
  const tick = (kind) => found(EventName.tickPrice, (id, type, price) => id === ticks && type === kind && price > 0)?.[2];
  ib.reqMktData(ticks, aapl, "233", false, false);
  const [bid, asked, last] = await until(() => tick(1) && tick(2) && tick(4) && [tick(1), tick(2), tick(4)], "ticks");
  assert.ok(bid < asked);
  saw("ticks", bid, asked, last);
  ib.cancelMktData(ticks);
  await ask((id) => ib.reqMktData(id, euro, "", true, false), EventName.tickSnapshotEnd);
  saw("snapshot", "ended");
  for (const [kind, event] of [
    ["BidAsk", EventName.tickByTickBidAsk],
    ["AllLast", EventName.tickByTickAllLast],
    ["MidPoint", EventName.tickByTickMidPoint],
  ]) {
    const id = await ask((number) => ib.reqTickByTickData(number, aapl, kind, 0, false), event);
    ib.cancelTickByTickData(id);
    saw(`tick by tick ${kind}`, "seen");
  }
  const depth = nextRequest++;
  ib.reqMktDepth(depth, euro, 5, false);
  const rows = (side) => said(EventName.updateMktDepth, (id, _, __, where) => id === depth && where === side);
  await until(() => rows(0).length >= 5 && rows(1).length >= 5, "depth");
  saw("depth", rows(0).length, rows(1).length);
  ib.cancelMktDepth(depth, false);
  const bar = await ask((id) => ib.reqRealTimeBars(id, euro, 5, WhatToShow.MIDPOINT, false), EventName.realtimeBar);
  ib.cancelRealTimeBars(bar);
  saw("real-time bar", "seen");
  return Math.round(last * 100) / 100;
}

const cents = (price) => Math.round(price * 100) / 100;

async function orderTypes({ aapl }, price, { seconds }) {
  const [low, high] = [cents(price * 0.9), cents(price * 1.1)];
  const later = new Date((seconds + 5 * 86_400) * 1000).toISOString();
  const goodTill = `${later.slice(0, 10).replaceAll("-", "")}-${later.slice(11, 19)}`;
  const buy = { action: OrderAction.BUY, totalQuantity: 1 };
  const sell = { action: OrderAction.SELL, totalQuantity: 1 };
  const resting = [
    ["limit", { ...buy, orderType: OrderType.LMT, lmtPrice: low, tif: "DAY" }, "Submitted"],
    ["limit gtc", { ...sell, orderType: OrderType.LMT, lmtPrice: high }, "Submitted"],
    ["limit gtd", { ...buy, orderType: OrderType.LMT, lmtPrice: low, tif: "GTD", goodTillDate: goodTill }, "Submitted"],
    ["limit outside", { ...buy, orderType: OrderType.LMT, lmtPrice: low, outsideRth: true }, "Submitted"],
    ["stop", { ...sell, orderType: OrderType.STP, auxPrice: low }, "PreSubmitted"],
    ["stop limit", { ...sell, orderType: OrderType.STP_LMT, auxPrice: low, lmtPrice: low }, "PreSubmitted"],
    ["trailing", { ...sell, orderType: OrderType.TRAIL, auxPrice: 5 }, "PreSubmitted"],
    ["if touched", { ...buy, orderType: OrderType.MIT, auxPrice: low }, "PreSubmitted"],
  ];
  for (const [name, order, wanted] of resting) {
    const id = await place(aapl, order, wanted);
    assert.ok(found(EventName.openOrder, (number) => number === id), `no openOrder for ${name}`);
    await cancel(id);
    saw(name, statuses(id).join(" "));
  }
  for (const tif of ["IOC", "FOK"]) {
    const missed = await place(aapl, { ...buy, orderType: OrderType.LMT, lmtPrice: low, tif }, "Cancelled", "Inactive");
    const hit = await place(aapl, { ...buy, orderType: OrderType.LMT, lmtPrice: high, tif }, "Filled");
    saw(`limit ${tif}`, statuses(missed).join(" "), "|", statuses(hit).join(" "));
  }
}

async function fills({ aapl, euro, future }) {
  for (const [name, contract, totalQuantity] of [
    ["stock", aapl, 10],
    ["currency", euro, 20_000],
    ["future", future, 1],
  ]) {
    const order = { action: OrderAction.BUY, totalQuantity, orderType: OrderType.MKT, tif: "DAY" };
    const id = await place(contract, order, "Filled");
    const executions = () => said(EventName.execDetails, (_, __, each) => each.orderId === id).map(({ args }) => args[2]);
    const paid = (each) => found(EventName.commissionReport, (report) => report.execId === each.execId);
    await until(() => executions().length > 0 && executions().every(paid), `commission of ${name}`);
    assert.equal(executions().reduce((sum, each) => sum + each.shares, 0), totalQuantity);
    saw(`bought ${name}`, executions()[0].price, paid(executions()[0])[0].commission);
  }
}

async function changes({ aapl }, price) {
  const buy = { action: OrderAction.BUY, totalQuantity: 2, orderType: OrderType.LMT };
  const asked = nextOrder++;
  ib.placeOrder(asked, aapl, { ...buy, orderType: OrderType.MKT, tif: "DAY", transmit: true, whatIf: true });
  const [, , , state] = await until(() => found(EventName.openOrder, (id) => id === asked), "what if");
  assert.ok(Number(state.initMarginChange) > 0, JSON.stringify(state));
  saw("what if", state.initMarginChange, state.commission);
  const id = await place(aapl, { ...buy, lmtPrice: cents(price * 0.9) }, "Submitted");
  ib.placeOrder(id, aapl, { ...buy, totalQuantity: 3, lmtPrice: cents(price * 0.91), tif: "GTC", transmit: true });
  await until(() => said(EventName.orderStatus, (number, _, __, left) => number === id && left === 3).length, "change");
  await cancel(id);
  await until(() => found(EventName.error, (_, code, number) => code === 202 && number === id), "code 202");
  saw("changed, cancelled", statuses(id).join(" "));
  const others = [];
  for (const part of [0.8, 0.81, 0.82]) others.push(await place(aapl, { ...buy, lmtPrice: cents(price * part) }, "Submitted"));
  ib.reqGlobalCancel();
  await until(() => others.every((each) => status(each) === "Cancelled"), "global cancel");
  saw("global cancel", others.map(status).join(" "));
}

async function groups({ aapl }, price) {
  const [parent, profit, loss] = [nextOrder++, nextOrder++, nextOrder++];
  const child = { action: OrderAction.SELL, totalQuantity: 1, tif: "GTC", parentId: parent };
  const entry = { action: OrderAction.BUY, totalQuantity: 1, orderType: OrderType.LMT, lmtPrice: cents(price * 1.1) };
  ib.placeOrder(parent, aapl, { ...entry, tif: "GTC", transmit: false });
  ib.placeOrder(profit, aapl, { ...child, orderType: OrderType.LMT, lmtPrice: cents(price * 1.5), transmit: false });
  ib.placeOrder(loss, aapl, { ...child, orderType: OrderType.STP, auxPrice: cents(price * 0.5), transmit: true });
  const states = () => [parent, profit, loss].map(status).join(" ");
  await until(() => states() === "Filled Submitted PreSubmitted", `bracket ${states()}`);
  saw("bracket", states());
  ib.cancelOrder(profit);
  ib.cancelOrder(loss);
  await until(() => [profit, loss].every((each) => DONE.includes(status(each))), "the children's end");
  const group = { ocaGroup: `oca-${parent}`, ocaType: 1, action: OrderAction.BUY, totalQuantity: 1 };
  const far = await place(aapl, { ...group, orderType: OrderType.LMT, lmtPrice: cents(price * 0.9) }, "Submitted");
  const near = await place(aapl, { ...group, orderType: OrderType.LMT, lmtPrice: cents(price * 1.1) }, "Filled");
  await until(() => status(far) === "Cancelled", "one cancels all");
  saw("one cancels all", status(near), status(far));
}

async function accounts({ account }, { aapl }) {
  ib.reqAccountUpdates(true, account);
  await until(() => found(EventName.accountDownloadEnd), "account updates");
  ib.reqAccountUpdates(false, account);
  saw("account updates", said(EventName.updateAccountValue).length, said(EventName.updatePortfolio).length);
  assert.ok(said(EventName.updatePortfolio).length > 0);
  const summary = await ask((id) => ib.reqAccountSummary(id, "All", "NetLiquidation,TotalCashValue"), EventName.accountSummaryEnd);
  saw("summary", said(EventName.accountSummary, (id) => id === summary).map(({ args }) => `${args[2]} ${args[3]}`).join(", "));
  ib.cancelAccountSummary(summary);
  ib.reqPositions();
  await until(() => found(EventName.positionEnd), "positions");
  const held = said(EventName.position).map(({ args }) => `${args[1].localSymbol} ${args[2]}`);
  assert.ok(held.length >= 2, held.join());
  saw("positions", held.join(", "));
  ib.cancelPositions();
  const total = await ask((id) => ib.reqPnL(id, account, ""), EventName.pnl);
  const single = await ask((id) => ib.reqPnLSingle(id, account, "", aapl.conId), EventName.pnlSingle);
  ib.cancelPnL(total);
  ib.cancelPnLSingle(single);
  saw("profit", found(EventName.pnl).slice(1).join(" "), "| AAPL", found(EventName.pnlSingle).slice(1).join(" "));
}

async function reviews() {
  const executions = await ask((id) => ib.reqExecutions(id, {}), EventName.execDetailsEnd);
  const rows = said(EventName.execDetails, (id) => id === executions);
  assert.ok(rows.length >= 6, `${rows.length} executions`);
  saw("executions", rows.length);
  ib.reqCompletedOrders(false);
  await until(() => found(EventName.completedOrdersEnd), "completed orders");
  saw("completed orders", said(EventName.completedOrder).length);
  ib.reqAllOpenOrders();
  await until(() => found(EventName.openOrderEnd), "open orders");
  saw("open orders", "ended");
}

async function run() {
  const session = await connect();
  const known = await contracts();
  await history(known);
  const price = await streams(known);
  await orderTypes(known, price, session);
  await fills(known);
  await changes(known, price);
  await groups(known, price);
  await accounts(session, known);
  await reviews();
  // cancelHistoricalData is answered with code 162 and these words.
  const isExpected = (error, code) => EXPECTED.includes(code) || error.message.includes("historical data query cancelled");
  const unexpected = said(EventName.error, (error, code) => !isExpected(error, code));
  const texts = unexpected.map(({ args }) => `${args[1]} ${args[0].message}`);
  assert.deepEqual(texts, []);
  saw("done");
}

run().then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
