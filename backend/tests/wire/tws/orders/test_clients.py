"""Who sees, owns and cancels which orders; what outlives connections and the process."""

from pathlib import Path
from typing import Any

import pytest

from edgerunner.simulators.tws.settings import TwsSettings
from edgerunner.simulators.tws.wire import executions, orders
from edgerunner.simulators.venue_types import OrderRequest
from tests.wire.tws.orders.trader import EURUSD, Site, Trader, site, words

LIMIT: dict[str, Any] = {"action": "BUY", "quantity": 10, "kind": "LMT", "limit_price": "13.27"}
ALL = orders.RequestAllOpenOrders()


def by_hand(tws: Site) -> None:
    instrument = tws.venue.instrument("STK:AAPL")
    tws.venue.place(
        OrderRequest(
            account_id="DU1000001",
            symbol=instrument.symbol,
            side="buy",
            order_type="limit",
            quantity_lots=7,
            price_ticks=10_000,
            origin="manual",
        )
    )


async def test_every_client_has_ids_of_its_own() -> None:
    async with site() as tws, Trader(tws.server.port) as one, Trader(tws.server.port) as two:
        assert (await one.start(1), await two.start(2)) == (1, 1)
        await one.place(5, **LIMIT)
        await two.place(1, **LIMIT)
        one.send_fields(8, 1, 1)
        [answer] = await one.news()
        assert answer.order_id == 6


async def test_orders_are_told_to_their_owner_alone() -> None:
    async with site() as tws, Trader(tws.server.port) as one, Trader(tws.server.port) as two:
        await one.start(1)
        await two.start(2)
        await one.place(1, "BUY", 10)
        await one.place(2, **LIMIT)
        assert await two.heard() == []
        assert await two.open_orders() == ["OpenOrderEnd"]


async def test_all_open_orders_are_those_of_all_clients() -> None:
    async with site() as tws, Trader(tws.server.port) as one, Trader(tws.server.port) as two:
        await one.start(1)
        await two.start(2)
        await one.place(4, **LIMIT)
        two.send(ALL)
        opened, status, _ = await two.news()
        assert (opened.order_id, opened.client_id, status.client_id) == (4, 1, 1)


async def test_another_client_cancels_what_it_has_seen() -> None:
    async with site() as tws, Trader(tws.server.port) as one, Trader(tws.server.port) as zero:
        await one.start(1)
        await zero.start(0)
        await one.place(4, **LIMIT)
        assert await zero.cancel(4) == ["4 error 10147"]
        await zero.open_orders(ALL)
        zero.send(orders.CancelOrder(order_id=4))
        heard = await zero.news()
        assert words(heard)[-2:] == ["4 Cancelled 0/10", "4 error 202"]
        assert {each.client_id for each in heard if isinstance(each, orders.OrderStatus)} == {0}
        assert "4 Cancelled 0/10" in await one.heard()


async def test_a_global_cancel_ends_the_orders_of_all_clients() -> None:
    async with site() as tws, Trader(tws.server.port) as one, Trader(tws.server.port) as two:
        await one.start(1)
        await two.start(2)
        await one.place(1, **LIMIT)
        await two.place(1, **LIMIT)
        by_hand(tws)
        two.send(orders.GlobalCancel())
        assert "1 Cancelled 0/10" in await two.heard()
        assert (await one.heard())[-2:] == ["1 Cancelled 0/10", "1 error 202"]
        assert tws.venue.open_orders("DU1000001") == []


async def test_a_global_cancel_ends_what_was_not_transmitted() -> None:
    async with site() as tws, Trader(tws.server.port) as one:
        await one.start(1)
        await one.place(1, **LIMIT, transmit=False)
        one.send(orders.GlobalCancel())
        assert await one.heard() == ["1 ApiCancelled 0/10", "1 error 202"]
        await one.place(2, **LIMIT)
        await one.place(2, **{**LIMIT, "limit_price": "14"}, transmit=False)
        one.send(orders.GlobalCancel())
        assert "2 ApiCancelled 0/10" not in await one.heard()


async def test_open_orders_outlive_their_connection() -> None:
    async with site() as tws:
        async with Trader(tws.server.port) as trader:
            await trader.start(3)
            [opened, *_] = await trader.place_raw(1, **LIMIT, time_in_force="GTC")
        async with Trader(tws.server.port) as trader:
            assert await trader.start(3) == 2
            trader.send(orders.RequestOpenOrders())
            [again, *_] = await trader.news()
            assert (again.order_id, again.perm_id) == (1, opened.perm_id)
            assert "1 Cancelled 0/10" in await trader.cancel(1)


async def test_everything_outlives_the_process(tmp_path: Path) -> None:
    async with site(ledger=tmp_path / "ledger") as tws:
        async with Trader(tws.server.port) as trader:
            await trader.start()
            await trader.place(1, "BUY", 10, order_ref="first")
            await trader.place(2, "SELL", 10, "TRAIL", aux_price="4", time_in_force="GTC", order_ref="second")
            before = await trader.executions()
        await tws.reopen()
        async with Trader(tws.server.port) as trader:
            assert await trader.start() == 3
            trader.send(orders.RequestOpenOrders())
            opened, status, _ = await trader.news()
            assert (opened.order.order_ref, opened.order.order_type, status.why_held) == ("second", "TRAIL", "trigger")
            assert await trader.executions() == before
            assert await trader.place(1, **LIMIT) == ["1 error 104"]
            tws.pin("260")
            assert "2 Filled 10/0" in await trader.heard()


async def test_orders_by_hand_are_bound_to_client_0(tmp_path: Path) -> None:
    async with site(ledger=tmp_path / "ledger") as tws, Trader(tws.server.port) as zero:
        await zero.start(0)
        by_hand(tws)
        zero.send(ALL)
        assert [each.order_id for each in await zero.news() if isinstance(each, orders.OpenOrder)] == [0]
        zero.send(orders.RequestAutoOpenOrders(binds=True))
        assert await zero.news() == []
        by_hand(tws)
        [opened, *_] = await zero.news()
        assert (opened.order_id < 0, opened.client_id, opened.order.total_quantity) == (True, 0, 7)
        assert (await zero.cancel(opened.order_id))[-1] == f"{opened.order_id} error 202"


async def test_open_orders_of_client_0_bind_what_was_entered_by_hand() -> None:
    async with site() as tws, Trader(tws.server.port) as zero, Trader(tws.server.port) as one:
        await zero.start(0)
        await one.start(1)
        by_hand(tws)
        assert await one.open_orders() == ["OpenOrderEnd"]
        assert await zero.open_orders() == ["-2 open Submitted", "-2 Submitted 0/7", "OpenOrderEnd"]


async def test_completed_orders_are_told_with_how_they_ended() -> None:
    async with site() as tws, Trader(tws.server.port) as trader:
        await trader.start()
        await trader.place(1, "BUY", 10)
        await trader.place(2, **LIMIT)
        await trader.cancel(2)
        by_hand(tws)
        tws.venue.cancel_all("DU1000001")
        done = await trader.completed()
        assert [each.completed_status for each in done[:-1]] == [
            "Filled Size: 10",
            "Cancelled by Trader",
            "Cancelled by Trader",
        ]
        assert done[0].order.filled_quantity == 10
        assert [each.order.action for each in (await trader.completed(only_api=True))[:-1]] == ["BUY", "BUY"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, [1, 2, 3]),
        ({"client_id": 2}, [3]),
        ({"account": "DU1000001"}, [1, 2, 3]),
        ({"account": "DU9"}, []),
        ({"symbol": "EUR"}, [2]),
        ({"sec_type": "STK"}, [1, 3]),
        ({"exchange": "IDEALPRO"}, [2]),
        ({"exchange": "SMART"}, [1, 3]),
        ({"side": "SELL"}, [3]),
        ({"time": "20261123 10:30:00"}, [1, 2, 3]),
        ({"time": "20261123-15:30:01"}, []),
    ],
)
async def test_executions_pass_a_filter(wanted: dict[str, Any], found: list[int]) -> None:
    async with site() as tws, Trader(tws.server.port) as one, Trader(tws.server.port) as two:
        await one.start(1)
        await two.start(2)
        await one.place(1, "BUY", 10)
        await one.place(2, "BUY", 30_000, of=EURUSD)
        await two.place(3, "SELL", 10)
        answer = await one.executions(**wanted)
        fills = [each for each in answer if isinstance(each, executions.ExecutionDetails)]
        reports = [each for each in answer if isinstance(each, executions.CommissionReport)]
        assert list(dict.fromkeys(each.order_id for each in fills)) == found
        assert [each.execution_id for each in fills] == [each.execution_id for each in reports]
        assert isinstance(answer[-1], executions.ExecutionDetailsEnd)


async def test_executions_are_told_as_they_were() -> None:
    async with site() as tws, Trader(tws.server.port) as trader:
        await trader.start()
        live = await trader.place_raw(1, "BUY", 3000)
        told = [each for each in live if isinstance(each, executions.ExecutionDetails)]
        again = [each for each in await trader.executions() if isinstance(each, executions.ExecutionDetails)]
        assert len(told) > 2
        assert [(e.execution_id, e.cumulative, e.average_price) for e in told] == [
            (e.execution_id, e.cumulative, e.average_price) for e in again
        ]


async def test_executions_of_yesterday_are_gone() -> None:
    async with site() as tws, Trader(tws.server.port) as trader:
        await trader.start()
        await trader.place(1, "BUY", 10)
        tws.pass_hours(24)
        assert len(await trader.executions()) == 1


async def test_a_reset_of_the_market_forgets_orders_and_ids() -> None:
    async with site() as tws, Trader(tws.server.port) as trader:
        await trader.start()
        await trader.place(7, **LIMIT)
        tws.venue.operator.reset(5)
        assert await trader.open_orders() == ["OpenOrderEnd"]
        assert "1 Submitted 0/10" in await trader.place(1, **LIMIT)


async def test_a_read_only_api_takes_no_orders() -> None:
    async with site(TwsSettings(is_read_only=True)) as tws, Trader(tws.server.port) as trader:
        await trader.start()
        assert await trader.place(1, **LIMIT) == ["1 error 321"]
