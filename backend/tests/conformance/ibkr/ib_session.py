"""A full session with a TWS, in ib_async or ib_insync: ``python ib_session.py LIBRARY HOST PORT``.

It runs in an environment that has nothing of ours: both libraries bring a package of the same name, so that they cannot
share one. It prints what it saw, and fails where a real TWS would have answered otherwise.
"""

import asyncio
import importlib
import sys
from collections.abc import Awaitable, Callable
from datetime import timedelta
from types import ModuleType
from typing import Any

PATIENCE_S = 12
DONE = ("Filled", "Cancelled", "ApiCancelled", "Inactive")


def saw(what: str, *details: object) -> None:
    sys.stdout.write(" ".join([f"{what:<22}", *map(str, details)]) + "\n")


async def within(awaitable: Awaitable[Any], what: str) -> Any:
    try:
        return await asyncio.wait_for(awaitable, PATIENCE_S)
    except TimeoutError:
        raise AssertionError(f"no answer within {PATIENCE_S} s: {what}") from None


class Session:
    """One connection and what the steps learn on the way."""

    def __init__(self, library: ModuleType, host: str, port: int) -> None:
        self.lib = library
        self.host = host
        self.port = port
        self.ib = library.IB()
        self.ib.RaiseRequestErrors = True
        self.errors: list[tuple[int, int, str]] = []
        self.ib.errorEvent += lambda number, code, text, contract: self.errors.append((number, code, text))

    async def run(self) -> None:
        await self.connect()
        try:
            await self.contracts()
            await self.history()
            await self.streams()
            await self.order_types()
            await self.fills()
            await self.changes()
            await self.groups()
            await self.account()
            await self.reviews()
        finally:
            self.ib.disconnect()
        unexpected = [error for error in self.errors if error[1] not in EXPECTED and CANCELLED_QUERY not in error[2]]
        assert not unexpected, unexpected

    async def connect(self) -> None:
        await within(self.ib.connectAsync(self.host, self.port, clientId=1, timeout=PATIENCE_S), "connect")
        assert self.ib.isConnected()
        self.account_id = self.ib.managedAccounts()[0]
        saw("connected", self.ib.client.serverVersion(), self.account_id)
        moment = await within(self.ib.reqCurrentTimeAsync(), "time")
        saw("time", moment)
        self.now = moment
        values = self.ib.accountValues(self.account_id)
        assert values, "no account values"

    async def contracts(self) -> None:
        lib, ib = self.lib, self.ib
        self.aapl, self.spy = lib.Stock("AAPL", "SMART", "USD"), lib.Stock("SPY", "SMART", "USD")
        self.eurusd, self.vod = lib.Forex("EURUSD"), lib.Stock("VOD", "SMART", "GBP")
        found = await within(ib.qualifyContractsAsync(self.aapl, self.spy, self.eurusd, self.vod), "qualify")
        assert len([contract for contract in found if contract is not None and contract.conId]) == 4, found
        (details,) = await within(ib.reqContractDetailsAsync(self.aapl), "details")
        saw("contract details", details.longName, details.minTick, details.timeZoneId)
        months = await within(ib.reqContractDetailsAsync(lib.Future("ES", exchange="CME")), "futures")
        self.future = min((each.contract for each in months), key=lambda each: each.lastTradeDateOrContractMonth)
        saw("futures", [each.contract.localSymbol for each in months])
        chains = await within(ib.reqSecDefOptParamsAsync("SPY", "", "STK", self.spy.conId), "chain")
        saw("option chains", len(chains), len(chains[0].expirations), len(chains[0].strikes))
        self.option = lib.Option("SPY", min(chains[0].expirations), 600, "C", "SMART")
        assert await within(ib.qualifyContractsAsync(self.option), "option")
        samples = await within(ib.reqMatchingSymbolsAsync("AAPL"), "samples")
        assert samples[0].contract.symbol == "AAPL"
        rule = await within(ib.reqMarketRuleAsync(int(details.marketRuleIds.split(",")[0])), "market rule")
        saw("market rule", rule)

    async def history(self) -> None:
        ib = self.ib
        ask = {"endDateTime": "", "durationStr": "1 D", "useRTH": True, "formatDate": 1}
        daily = await within(
            ib.reqHistoricalDataAsync(self.spy, barSizeSetting="1 hour", whatToShow="TRADES", **ask), "bars"
        )
        saw("hourly bars", len(daily), daily[0])
        assert len(daily) >= 1
        schedule = await within(ib.reqHistoricalScheduleAsync(self.aapl, 3), "schedule")
        saw("schedule", len(schedule.sessions), schedule.timeZone)
        saw("head", await within(ib.reqHeadTimeStampAsync(self.aapl, "TRADES", True, 1), "head"))
        bars = await within(
            ib.reqHistoricalDataAsync(
                self.aapl, barSizeSetting="5 secs", whatToShow="TRADES", keepUpToDate=True, **ask
            ),
            "kept bars",
        )
        updates: list[bool] = []
        bars.updateEvent += lambda _, is_new: updates.append(is_new)
        await self.until(lambda: len(updates) >= 2, lambda: f"bar updates, got {len(updates)} after {len(bars)} bars")
        saw("kept bars", len(bars), "updates", len(updates), bars[-1])
        ib.cancelHistoricalData(bars)
        start = self.now - timedelta(days=2)
        ticks = await within(
            ib.reqHistoricalTicksAsync(self.aapl, start.strftime("%Y%m%d-%H:%M:%S"), "", 10, "TRADES", True),
            "past ticks",
        )
        saw("past ticks", len(ticks), ticks[:1])
        assert ticks
        histogram = await within(ib.reqHistogramDataAsync(self.aapl, True, "1 day"), "histogram")
        saw("histogram", len(histogram))
        assert histogram

    async def streams(self) -> None:
        ib = self.ib
        ib.reqMarketDataType(1)
        ticker = ib.reqMktData(self.aapl, "233,165")
        await self.until(
            lambda: ticker.bid > 0 and ticker.ask > ticker.bid and ticker.last > 0 and ticker.close > 0,
            lambda: f"ticks {ticker}",
        )
        saw("ticks", ticker.bid, ticker.ask, ticker.last, ticker.volume, ticker.close)
        self.price = round(ticker.last, 2)
        ib.cancelMktData(self.aapl)
        (snapshot,) = await within(ib.reqTickersAsync(self.eurusd), "snapshot")
        saw("snapshot", snapshot.bid, snapshot.ask)
        assert snapshot.bid > 0
        for kind in ("BidAsk", "Last", "MidPoint"):
            await self.single_ticks(kind)
        book = ib.reqMktDepth(self.eurusd, 5)
        await self.until(lambda: len(book.domBids) >= 5 and len(book.domAsks) >= 5, lambda: f"depth {book}")
        saw("depth", book.domBids[0], book.domAsks[0])
        ib.cancelMktDepth(self.eurusd)
        bars = ib.reqRealTimeBars(self.eurusd, 5, "MIDPOINT", False)
        await self.until(lambda: len(bars) >= 1, lambda: "real-time bars")
        saw("real-time bar", bars[0])
        ib.cancelRealTimeBars(bars)

    async def single_ticks(self, kind: str) -> None:
        ticker = self.ib.reqTickByTickData(self.aapl, kind)
        seen: list[object] = []
        ticker.updateEvent += lambda each: seen.extend(each.tickByTicks)
        await self.until(lambda: seen, lambda: f"tick by tick {kind}")
        saw(f"tick by tick {kind}", seen[0])
        self.ib.cancelTickByTickData(self.aapl, kind)

    async def order_types(self) -> None:
        lib, price = self.lib, self.price
        low, high = round(price * 0.9, 2), round(price * 1.1, 2)
        tomorrow = (self.now + timedelta(days=5)).strftime("%Y%m%d-%H:%M:%S")
        waiting = {
            "limit": (lib.LimitOrder("BUY", 1, low, tif="DAY"), "Submitted"),
            "limit gtc": (lib.LimitOrder("SELL", 1, high, tif="GTC"), "Submitted"),
            "limit gtd": (lib.LimitOrder("BUY", 1, low, tif="GTD", goodTillDate=tomorrow), "Submitted"),
            "limit outside": (lib.LimitOrder("BUY", 1, low, tif="GTC", outsideRth=True), "Submitted"),
            "stop": (lib.StopOrder("SELL", 1, low, tif="GTC"), "PreSubmitted"),
            "stop limit": (lib.StopLimitOrder("SELL", 1, low, low, tif="GTC"), "PreSubmitted"),
            "trailing": (
                lib.Order(action="SELL", totalQuantity=1, orderType="TRAIL", auxPrice=5, tif="GTC"),
                "PreSubmitted",
            ),
            "if touched": (
                lib.Order(action="BUY", totalQuantity=1, orderType="MIT", auxPrice=low, tif="GTC"),
                "PreSubmitted",
            ),
        }
        for name, (order, status) in waiting.items():
            trade = await self.place(self.aapl, order, status)
            saw(name, trade.orderStatus.status, trade.orderStatus.whyHeld, trade.order.permId)
            assert trade.order.permId
            if status == "PreSubmitted":
                assert "trigger" in trade.orderStatus.whyHeld
            await self.cancel(trade)
        for tif in ("IOC", "FOK"):
            trade = await self.place(self.aapl, lib.LimitOrder("BUY", 1, low, tif=tif), "done")
            saw(f"limit {tif}", trade.orderStatus.status)
            assert trade.orderStatus.status in ("Cancelled", "Inactive")
        for tif in ("IOC", "FOK"):
            trade = await self.place(self.aapl, lib.LimitOrder("BUY", 1, high, tif=tif), "Filled")
            saw(f"limit {tif}, crossing", trade.orderStatus.status, trade.orderStatus.avgFillPrice)

    async def fills(self) -> None:
        for name, contract, quantity in (
            ("stock", self.aapl, 10),
            ("currency", self.eurusd, 20000),
            ("future", self.future, 1),
            ("option", self.option, 1),
            ("pence", self.vod, 100),
        ):
            trade = await self.place(contract, self.lib.MarketOrder("BUY", quantity, tif="DAY"), "Filled")
            await self.paid(trade)
            fill = trade.fills[0]
            saw(f"bought {name}", fill.execution.shares, fill.execution.price, fill.commissionReport.commission)
            assert sum(each.execution.shares for each in trade.fills) == quantity
            assert all(each.commissionReport.commission > 0 for each in trade.fills)

    async def paid(self, trade: Any) -> None:
        await self.until(
            lambda: trade.fills and all(fill.commissionReport.execId for fill in trade.fills),
            lambda: f"commission of {trade}",
        )

    async def changes(self) -> None:
        lib, ib = self.lib, self.ib
        state = await within(ib.whatIfOrderAsync(self.aapl, lib.MarketOrder("BUY", 10, tif="DAY")), "whatIf")
        saw("what if", state.initMarginChange, state.commission, state.maxCommission)
        assert float(state.initMarginChange) > 0
        trade = await self.place(
            self.aapl, lib.LimitOrder("BUY", 2, round(self.price * 0.9, 2), tif="GTC"), "Submitted"
        )
        trade.order.lmtPrice, trade.order.totalQuantity = round(self.price * 0.91, 2), 3
        ib.placeOrder(self.aapl, trade.order)
        await self.until(lambda: trade.orderStatus.remaining == 3, lambda: f"changed {trade.orderStatus}")
        saw("changed", trade.order.lmtPrice, trade.orderStatus.remaining)
        await self.cancel(trade)
        await self.until(
            lambda: any(error[:2] == (trade.order.orderId, 202) for error in self.errors),
            lambda: f"code 202 {self.errors}",
        )
        others = [
            await self.place(self.aapl, lib.LimitOrder("BUY", 1, round(self.price * 0.8, 2), tif="GTC"), "Submitted")
            for _ in range(3)
        ]
        ib.reqGlobalCancel()
        await self.until(lambda: all(each.isDone() for each in others), lambda: f"global cancel {others}")
        saw("global cancel", [each.orderStatus.status for each in others])

    async def groups(self) -> None:
        lib, ib, price = self.lib, self.ib, self.price
        bracket = ib.bracketOrder("BUY", 1, round(price * 0.9, 2), round(price * 1.2, 2), round(price * 0.8, 2))
        for order in bracket:
            order.tif = "GTC"
        trades = [ib.placeOrder(self.aapl, order) for order in bracket]
        await self.until(
            lambda: [each.orderStatus.status for each in trades] == ["Submitted", "PreSubmitted", "PreSubmitted"],
            lambda: f"bracket {[each.orderStatus for each in trades]}",
        )
        saw("bracket waits", [each.orderStatus.status for each in trades])
        ib.cancelOrder(trades[0].order)
        await self.until(lambda: all(each.isDone() for each in trades), lambda: f"bracket's end {trades}")
        saw("bracket cancelled", [each.orderStatus.status for each in trades])
        bracket = ib.bracketOrder("BUY", 1, round(price * 1.1, 2), round(price * 1.5, 2), round(price * 0.5, 2))
        for order in bracket:
            order.tif = "GTC"
        trades = [ib.placeOrder(self.aapl, order) for order in bracket]
        await self.until(
            lambda: [each.orderStatus.status for each in trades] == ["Filled", "Submitted", "PreSubmitted"],
            lambda: f"filled bracket {[each.orderStatus for each in trades]}",
        )
        saw("bracket filled", [each.orderStatus.status for each in trades])
        ib.cancelOrder(trades[1].order)
        ib.cancelOrder(trades[2].order)
        await self.until(lambda: all(each.isDone() for each in trades), lambda: f"children's end {trades}")
        pair = ib.oneCancelsAll(
            [
                lib.LimitOrder("BUY", 1, round(price * 0.9, 2), tif="GTC"),
                lib.LimitOrder("BUY", 1, round(price * 1.1, 2), tif="GTC"),
            ],
            f"oca-{self.ib.client.getReqId()}",
            1,
        )
        trades = [ib.placeOrder(self.aapl, order) for order in pair]
        await self.until(
            lambda: [each.orderStatus.status for each in trades] == ["Cancelled", "Filled"],
            lambda: f"oca {[each.orderStatus for each in trades]}",
        )
        saw("one cancels all", [each.orderStatus.status for each in trades])

    async def account(self) -> None:
        ib = self.ib
        summary = await within(ib.accountSummaryAsync(), "summary")
        saw("summary", len(summary), [row.value for row in summary if row.tag == "NetLiquidation"][:1])
        assert any(row.tag == "NetLiquidation" for row in summary)
        await self.until(
            lambda: {each.contract.conId for each in ib.positions()} >= {self.aapl.conId, self.future.conId},
            lambda: f"positions {ib.positions()}",
        )
        saw("positions", [(each.contract.localSymbol, each.position) for each in ib.positions()])
        await self.until(ib.portfolio, lambda: "portfolio")
        saw("portfolio", [(each.contract.localSymbol, each.position, each.averageCost) for each in ib.portfolio()])
        profit = ib.reqPnL(self.account_id)
        single = ib.reqPnLSingle(self.account_id, "", self.aapl.conId)
        await self.until(lambda: profit.unrealizedPnL == profit.unrealizedPnL, lambda: f"profit {profit}")
        await self.until(
            lambda: single.position == single.position and single.value == single.value, lambda: f"{single}"
        )
        saw("profit", profit.dailyPnL, profit.unrealizedPnL, profit.realizedPnL)
        saw("profit of AAPL", single.position, single.unrealizedPnL, single.value)
        ib.cancelPnL(self.account_id)
        ib.cancelPnLSingle(self.account_id, "", self.aapl.conId)

    async def reviews(self) -> None:
        ib, lib = self.ib, self.lib
        fills = await within(ib.reqExecutionsAsync(lib.ExecutionFilter()), "executions")
        saw("executions", len(fills))
        assert len(fills) >= 8
        completed = await within(ib.reqCompletedOrdersAsync(False), "completed")
        saw("completed orders", len(completed), sorted({each.orderStatus.status for each in completed}))
        assert {"Filled", "Cancelled"} <= {each.orderStatus.status for each in completed}
        opened = await within(ib.reqAllOpenOrdersAsync(), "open orders")
        saw("open orders", len(opened))

    async def until(self, condition: Callable[[], object], what: Callable[[], object]) -> None:
        """Wait for something that a message from the server brings about."""

        async def wait() -> None:
            while not condition():
                await self.ib.updateEvent

        try:
            await asyncio.wait_for(wait(), PATIENCE_S)
        except TimeoutError:
            raise AssertionError(f"waited {PATIENCE_S} s in vain: {what()}") from None

    async def place(self, contract: Any, order: Any, status: str) -> Any:
        trade = self.ib.placeOrder(contract, order)
        wanted = DONE if status == "done" else (status,)
        await self.until(
            lambda: trade.orderStatus.status in wanted,
            lambda: f"{order.orderType} {order.tif} to be {wanted}: {trade.orderStatus} {self.errors[-2:]}",
        )
        return trade

    async def cancel(self, trade: Any) -> None:
        self.ib.cancelOrder(trade.order)
        await self.until(lambda: trade.orderStatus.status == "Cancelled", lambda: f"cancel of {trade}")


EXPECTED = frozenset({202, 2103, 2104, 2106, 2107, 2108, 2158, 10147, 399, 2109})
"""Codes that belong to a session where nothing goes wrong."""
CANCELLED_QUERY = "API historical data query cancelled"
"""What cancelHistoricalData is answered with, code 162."""


if __name__ == "__main__":
    asyncio.run(Session(importlib.import_module(sys.argv[1]), sys.argv[2], int(sys.argv[3])).run())
    saw("done")
