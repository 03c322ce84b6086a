"""Orders placed one by one: which messages they bring, in which order."""

from typing import Any

import pytest

from edgerunner.simulators.tws.wire import executions, orders
from edgerunner.simulators.tws.wire.session import ErrorMessage
from edgerunner.simulators.tws.wire.values import Contract
from tests.wire.tws.orders.trader import EURUSD, MES, Trader, site, words

PRE, SUBMITTED = ["1 open PreSubmitted", "1 PreSubmitted 0/10"], ["1 open Submitted", "1 Submitted 0/10"]
FILLED = ["1 BOT 10", "1 open Filled", "1 Filled 10/0"]


def told(messages: list[Any], kind: type[Any]) -> list[Any]:
    return [message for message in messages if isinstance(message, kind)]


async def test_a_far_limit_order_is_presubmitted_and_then_submitted() -> None:
    async with site() as tws, Trader(tws.server.port) as trader:
        await trader.start()
        assert await trader.place(1, "BUY", 10, "LMT", limit_price="13.27") == [*PRE, *SUBMITTED]


async def test_a_market_order_fills_at_once() -> None:
    async with site() as tws, Trader(tws.server.port) as trader:
        await trader.start()
        answer = await trader.place(1, "BUY", 10)
        assert [each for each in answer if each != "commission"] == [*PRE, *FILLED]
        assert answer.count("commission") == 1


async def test_a_fill_says_everything_about_itself() -> None:
    async with site() as tws, Trader(tws.server.port) as trader:
        await trader.start()
        answer = await trader.place_raw(1, "BUY", 10, order_ref="mine")
        [fill] = told(answer, executions.ExecutionDetails)
        [report] = told(answer, executions.CommissionReport)
        done = told(answer, orders.OrderStatus)[-1]
        assert (fill.order_ref, fill.account, fill.exchange, fill.contract.con_id) == (
            "mine",
            "DU1000001",
            "NASDAQ",
            265598,
        )
        assert (fill.cumulative, fill.average_price, fill.last_liquidity) == (10, fill.price, 2)
        assert (fill.time, fill.contract.exchange) == ("20261123 10:30:00 US/Eastern", "NASDAQ")
        assert (done.average_price, done.last_price, done.perm_id) == (fill.price, fill.price, fill.perm_id)
        assert (report.execution_id, report.commission, report.realized_pnl) == (fill.execution_id, 1, None)


async def test_a_closing_fill_tells_its_profit_after_all_commissions() -> None:
    async with site() as tws, Trader(tws.server.port) as trader:
        await trader.start()
        [bought] = told(await trader.place_raw(1, "BUY", 10), executions.ExecutionDetails)
        tws.pin("270")
        answer = await trader.place_raw(2, "SELL", 10)
        [sold], [report] = told(answer, executions.ExecutionDetails), told(answer, executions.CommissionReport)
        assert report.realized_pnl == 10 * (sold.price - bought.price) - 2


async def test_a_canceled_order_is_pending_canceled_and_then_202() -> None:
    async with site() as tws, Trader(tws.server.port) as trader:
        await trader.start()
        await trader.place(1, "BUY", 10, "LMT", limit_price="13.27")
        assert await trader.cancel(1) == ["1 PendingCancel 0/10", "1 Cancelled 0/10", "1 error 202"]


async def test_an_order_fills_when_the_market_comes() -> None:
    async with site() as tws, Trader(tws.server.port) as trader:
        await trader.start()
        await trader.place(1, "BUY", 10, "LMT", limit_price="260")
        tws.pin("259")
        assert [each for each in await trader.heard() if each != "commission"] == FILLED


async def test_a_partial_fill_and_the_rest_canceled() -> None:
    async with site() as tws, Trader(tws.server.port) as trader:
        await trader.start()
        await trader.place(1, "BUY", 10, "LMT", limit_price="260")
        [order] = tws.venue.open_orders("DU1000001")
        tws.venue.operator.fill(order, 4)
        heard = await trader.heard()
        assert sorted(heard) == sorted(["1 BOT 4", "1 open Submitted", "1 Submitted 4/6", "commission"])
        assert await trader.cancel(1) == ["1 PendingCancel 4/6", "1 Cancelled 4/6", "1 error 202"]


async def test_what_an_immediate_order_cannot_fill_is_canceled_without_202() -> None:
    async with site() as tws, Trader(tws.server.port) as trader:
        await trader.start()
        answer = await trader.place(1, "BUY", 10, "LMT", limit_price="260", time_in_force="IOC")
        assert answer[-2:] == ["1 PendingCancel 0/10", "1 Cancelled 0/10"]


async def test_a_fill_or_kill_order_fills_or_becomes_inactive() -> None:
    async with site() as tws, Trader(tws.server.port) as trader:
        await trader.start()
        killed = await trader.place(1, "BUY", 10, "LMT", limit_price="260", time_in_force="FOK")
        assert killed == ["1 open Inactive", "1 Inactive 0/10"]
        assert "2 Filled 10/0" in await trader.place(2, "BUY", 10, "LMT", limit_price="266", time_in_force="FOK")


@pytest.mark.parametrize(
    ("kind", "action", "prices", "reached"),
    [
        ("STP", "SELL", {"aux_price": "260"}, "259"),
        ("STP", "BUY", {"aux_price": "270"}, "271"),
        ("STP LMT", "SELL", {"aux_price": "260", "limit_price": "255"}, "259"),
        ("MIT", "BUY", {"aux_price": "260"}, "259"),
        ("LIT", "SELL", {"aux_price": "270", "limit_price": "269"}, "271"),
        ("TRAIL", "SELL", {"aux_price": "4"}, "260"),
        ("TRAIL", "BUY", {"trailing_percent": "1"}, "268"),
    ],
)
async def test_a_conditional_order_waits_for_its_trigger(
    kind: str, action: str, prices: dict[str, str], reached: str
) -> None:
    async with site() as tws, Trader(tws.server.port) as trader:
        await trader.start()
        waiting = ["1 open PreSubmitted", "1 PreSubmitted 0/10 trigger"]
        assert await trader.place(1, action, 10, kind, **prices) == waiting * 2
        tws.pin(reached)
        heard = await trader.heard()
        assert heard[:2] == ["1 open Submitted", "1 Submitted 0/10"]
        assert "1 Filled 10/0" in heard


async def test_a_trailing_stop_shows_where_it_stands() -> None:
    async with site() as tws, Trader(tws.server.port) as trader:
        await trader.start()
        [order, *_] = await trader.place_raw(1, "SELL", 10, "TRAIL", aux_price="4")
        assert (order.order.trail_stop_price, order.order.aux_price) == (261, 4)
        tws.pin("270")
        trader.send(orders.RequestOpenOrders())
        [order, *_] = await trader.news()
        assert order.order.trail_stop_price == 266


async def test_a_trailing_stop_starts_at_its_start_price() -> None:
    async with site() as tws, Trader(tws.server.port) as trader:
        await trader.start()
        [order, *_] = await trader.place_raw(1, "SELL", 10, "TRAIL", aux_price="4", trail_stop_price="250")
        tws.pin("256")
        trader.send(orders.RequestOpenOrders())
        [later, *_] = await trader.news()
        assert (order.order.trail_stop_price, later.order.trail_stop_price) == (250, 252)


async def test_an_order_for_the_impossible_is_rejected_for_want_of_margin() -> None:
    async with site() as tws, Trader(tws.server.port) as trader:
        await trader.start()
        [error, status] = await trader.place_raw(1, "BUY", 100_000)
        assert (error.code, status.status, status.perm_id > 0) == (201, "Inactive", True)
        assert "EQUITY WITH LOAN VALUE [1000000.00 USD] MUST EXCEED THE INITIAL MARGIN [" in error.text
        [done, _] = await trader.completed()
        assert (done.margin.status, done.completed_status[:14]) == ("Inactive", "Order rejected")


async def test_a_what_if_order_tells_margin_and_commission_and_is_forgotten() -> None:
    async with site() as tws, Trader(tws.server.port) as trader:
        await trader.start()
        [answer] = await trader.place_raw(1, "BUY", 1000, "LMT", limit_price="265", what_if=True)
        margin = answer.margin
        assert answer.order.what_if
        assert (margin.commission, margin.commission_currency) == (5, "USD")
        assert margin.initial_after - margin.initial_before == margin.initial_change > 0
        assert margin.initial_change >= margin.maintenance_change > 0
        assert (margin.equity_before, margin.equity_after) == (1_000_000, 999_995)
        assert await trader.open_orders() == ["OpenOrderEnd"]
        assert "1 Submitted 0/1000" in await trader.place(1, "BUY", 1000, "LMT", limit_price="200")


async def test_an_order_that_is_not_transmitted_says_nothing_until_it_is() -> None:
    async with site() as tws, Trader(tws.server.port) as trader:
        await trader.start()
        assert await trader.place(1, "BUY", 10, "LMT", limit_price="13.26", transmit=False) == []
        assert await trader.place(1, "BUY", 10, "LMT", limit_price="13.26") == [*PRE, *SUBMITTED]


async def test_an_order_that_was_not_transmitted_can_be_canceled() -> None:
    async with site() as tws, Trader(tws.server.port) as trader:
        await trader.start()
        await trader.place(1, "BUY", 10, "LMT", limit_price="13.26", transmit=False)
        assert await trader.cancel(1) == ["1 ApiCancelled 0/10", "1 error 202"]
        assert await trader.cancel(1) == ["1 error 10147"]


@pytest.mark.parametrize(("contract", "fills"), [(EURUSD, "IDEALPRO"), (MES, "CME")])
async def test_currencies_and_futures_trade_too(contract: Any, fills: str) -> None:
    async with site() as tws, Trader(tws.server.port) as trader:
        await trader.start()
        answer = await trader.place_raw(1, "BUY", 30_000 if contract is EURUSD else 1, of=contract)
        done = told(answer, executions.ExecutionDetails)
        assert done[-1].exchange == done[-1].contract.exchange == fills
        assert words(answer).count("commission") == len(done)


async def test_a_small_exchange_of_money_is_an_odd_lot() -> None:
    async with site() as tws, Trader(tws.server.port) as trader:
        await trader.start()
        [notice] = told(await trader.place_raw(1, "BUY", 1000, of=EURUSD), ErrorMessage)
        assert (notice.code, "odd lot" in notice.text) == (399, True)


async def test_prices_are_checked_where_their_step_changes() -> None:
    contract = Contract(symbol="VOD", sec_type="STK", exchange="SMART", currency="GBP")
    async with site() as tws, Trader(tws.server.port) as trader:
        await trader.start()
        assert "1 Submitted 0/10" in await trader.place(1, "BUY", 10, "LMT", of=contract, limit_price="50.01")
        assert await trader.place(2, "SELL", 10, "LMT", of=contract, limit_price="250.01") == ["2 error 110"]
