"""ib_async trades at the simulated TWS: whatever it shows of orders is what the venue has."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from ib_async import IB, Contract, LimitOrder, MarketOrder, Order, StopOrder, Trade

from tests.waiting import until
from tests.wire.tws.kit import HOST, PATIENCE_S
from tests.wire.tws.orders.trader import Site, site

AAPL = Contract(conId=265598, symbol="AAPL", secType="STK", exchange="SMART", currency="USD")


@asynccontextmanager
async def connected(tws: Site, client_id: int = 1) -> AsyncIterator[IB]:
    ib = IB()
    await ib.connectAsync(HOST, tws.server.port, clientId=client_id, timeout=PATIENCE_S)
    try:
        yield ib
    finally:
        ib.disconnect()


async def come(is_so: Callable[[], object]) -> None:
    """Wait until something is so."""

    async def found() -> bool | None:
        return bool(is_so()) or None

    await until(found, timeout_s=PATIENCE_S, what="a change of an order")


def status(trade: Trade) -> str:
    return trade.orderStatus.status


async def test_a_market_order_fills_with_its_commission() -> None:
    async with site() as tws, connected(tws) as ib:
        trade = ib.placeOrder(AAPL, MarketOrder("BUY", 10, orderRef="mine"))
        await come(lambda: trade.isDone() and trade.fills and trade.fills[0].commissionReport.execId)
        [fill] = trade.fills
        assert (status(trade), trade.orderStatus.filled, trade.orderStatus.avgFillPrice) == (
            "Filled",
            10,
            fill.execution.price,
        )
        assert (fill.execution.orderRef, fill.commissionReport.commission) == ("mine", 1.0)


async def test_a_limit_order_is_changed_and_canceled() -> None:
    async with site() as tws, connected(tws) as ib:
        order = LimitOrder("BUY", 10, 13.27)
        trade = ib.placeOrder(AAPL, order)
        await come(lambda: status(trade) == "Submitted")
        order.lmtPrice, order.totalQuantity = 14.0, 20
        ib.placeOrder(AAPL, order)
        await come(lambda: trade.orderStatus.remaining == 20)
        ib.cancelOrder(order)
        await come(trade.isDone)
        assert status(trade) == "Cancelled"
        assert [entry.errorCode for entry in trade.log if entry.errorCode] in ([], [202])


async def test_a_bracket_runs_to_its_profit() -> None:
    async with site() as tws, connected(tws) as ib:
        trades = [ib.placeOrder(AAPL, order) for order in ib.bracketOrder("BUY", 10, 260, 280, 250)]
        await come(lambda: status(trades[0]) == "Submitted" and trades[2].orderStatus.whyHeld)
        assert [status(each) for each in trades[1:]] == ["PreSubmitted", "PreSubmitted"]
        tws.pin("259")
        await come(lambda: status(trades[1]) == "Submitted")
        tws.pin("281")
        await come(lambda: all(each.isDone() for each in trades))
        assert [status(each) for each in trades] == ["Filled", "Filled", "Cancelled"]
        assert await ib.reqAllOpenOrdersAsync() == []


async def test_a_group_of_which_one_cancels_all() -> None:
    async with site() as tws, connected(tws) as ib:
        orders = ib.oneCancelsAll([LimitOrder("BUY", 10, 260), StopOrder("BUY", 10, 270)], "pair", 1)
        trades = [ib.placeOrder(AAPL, order) for order in orders]
        await come(lambda: all(each.order.permId for each in trades))
        tws.pin("271")
        await come(lambda: all(each.isDone() for each in trades))
        assert [status(each) for each in trades] == ["Cancelled", "Filled"]


async def test_a_trailing_stop_is_filled_on_the_way_back() -> None:
    async with site() as tws, connected(tws) as ib:
        trade = ib.placeOrder(AAPL, Order(action="SELL", totalQuantity=10, orderType="TRAIL", trailingPercent=1))
        await come(lambda: trade.orderStatus.whyHeld == "trigger")
        for price in ("280", "277.30", "277.10"):
            tws.pin(price)
        await come(trade.isDone)
        assert status(trade) == "Filled"


async def test_a_what_if_order_resolves() -> None:
    async with site() as tws, connected(tws) as ib:
        async with asyncio.timeout(PATIENCE_S):
            state = await ib.whatIfOrderAsync(AAPL, MarketOrder("BUY", 100))
        assert (float(state.initMarginChange) > 0, state.commission) == (True, 1.0)
        assert float(state.equityWithLoanBefore) == 1_000_000
        assert ib.openTrades() == []


async def test_a_rejected_order_is_done() -> None:
    async with site() as tws, connected(tws) as ib:
        trade = ib.placeOrder(AAPL, MarketOrder("BUY", 1_000_000))
        await come(lambda: status(trade) == "Inactive")
        assert 201 in [entry.errorCode for entry in trade.log]


async def test_a_client_that_comes_back_finds_everything() -> None:
    async with site() as tws:
        async with connected(tws) as ib:
            resting = ib.placeOrder(AAPL, LimitOrder("BUY", 10, 13.27, tif="GTC"))
            filled = ib.placeOrder(AAPL, MarketOrder("BUY", 5))
            await come(lambda: filled.isDone() and status(resting) == "Submitted")
            perm_id = resting.order.permId
        async with connected(tws) as ib:
            [again] = ib.openTrades()
            assert (again.order.permId, again.order.lmtPrice, again.order.tif) == (perm_id, 13.27, "GTC")
            assert [(fill.execution.shares, fill.commissionReport.commission) for fill in ib.fills()] == [(5, 1.0)]
            assert ib.client.getReqId() > filled.order.orderId
            done = await ib.reqCompletedOrdersAsync(apiOnly=False)
            assert [each.orderStatus.status for each in done] == ["Filled"]


async def test_global_cancel_ends_everything() -> None:
    async with site() as tws, connected(tws) as ib:
        trades = [ib.placeOrder(AAPL, LimitOrder("BUY", 10, 13.27 + index)) for index in range(3)]
        await come(lambda: all(status(each) == "Submitted" for each in trades))
        ib.reqGlobalCancel()
        await come(lambda: all(each.isDone() for each in trades))
        assert {status(each) for each in trades} == {"Cancelled"}
