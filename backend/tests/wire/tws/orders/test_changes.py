"""Orders that are changed by sending their id again, and what is refused."""

from typing import Any

import pytest

from edgerunner.simulators.tws.settings import TwsSettings
from edgerunner.simulators.tws.wire import executions, orders
from edgerunner.simulators.tws.wire.order_values import OrderCondition
from edgerunner.simulators.tws.wire.values import Contract, Tag
from tests.wire.tws.orders.trader import Trader, site

LIMIT: dict[str, Any] = {"action": "BUY", "quantity": 10, "kind": "LMT", "limit_price": "13.27"}


async def test_a_new_price_and_quantity_keep_the_permanent_id() -> None:
    async with site() as tws, Trader(tws.server.port) as trader:
        await trader.start()
        before = await trader.place_raw(1, **LIMIT)
        after = await trader.place_raw(1, **{**LIMIT, "quantity": 20, "limit_price": "14"})
        assert (after[0].order.limit_price, after[-1].remaining) == (14, 20)
        assert before[0].perm_id == after[0].perm_id
        assert (await trader.open_orders()).count("1 open Submitted") == 1


async def test_a_limit_order_becomes_a_market_order() -> None:
    async with site() as tws, Trader(tws.server.port) as trader:
        await trader.start()
        await trader.place(1, **LIMIT)
        answer = await trader.place_raw(1, "BUY", 10)
        assert (answer[0].order.order_type, answer[0].order.limit_price) == ("MKT", 0)
        assert any(isinstance(each, executions.ExecutionDetails) for each in answer)


async def test_a_stop_is_moved() -> None:
    async with site() as tws, Trader(tws.server.port) as trader:
        await trader.start()
        await trader.place(1, "SELL", 10, "STP", aux_price="13.13")
        answer = await trader.place_raw(1, "SELL", 10, "STP", aux_price="14.13")
        assert [each.order.aux_price for each in answer if isinstance(each, orders.OpenOrder)] == [
            answer[0].order.aux_price
        ] * 2
        assert (answer[0].margin.status, answer[1].why_held) == ("PreSubmitted", "trigger")


async def test_the_time_in_force_is_changed() -> None:
    async with site() as tws, Trader(tws.server.port) as trader:
        await trader.start()
        await trader.place(1, **LIMIT)
        answer = await trader.place_raw(1, **LIMIT, time_in_force="GTC")
        assert answer[0].order.time_in_force == "GTC"
        [order] = tws.venue.open_orders("DU1000001")
        assert order.expires_ns is None


async def test_a_trailing_stop_goes_on_when_its_quantity_is_changed() -> None:
    async with site() as tws, Trader(tws.server.port) as trader:
        await trader.start()
        await trader.place(1, "SELL", 10, "TRAIL", aux_price="4")
        tws.pin("275")
        tws.pin("273")
        answer = await trader.place_raw(1, "SELL", 5, "TRAIL", aux_price="4")
        assert (answer[0].order.trail_stop_price, answer[0].order.total_quantity) == (271, 5)


async def test_a_repeated_order_is_no_second_one_but_counts_as_a_placement() -> None:
    async with site() as tws, Trader(tws.server.port) as trader:
        await trader.start()
        await trader.place(1, **LIMIT, order_ref="mine")
        assert "1 Submitted 0/10" in await trader.place(1, **LIMIT, order_ref="mine")
        dump: Any = tws.venue.dump()
        assert [(each["client_key"], each["placements"]) for each in dump["orders"]] == [("mine", 2)]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"action": "SELL"}, 105),
        ({"of": Contract(symbol="MSFT", sec_type="STK", exchange="SMART", currency="USD")}, 105),
        ({"limit_price": "13.275"}, 110),
        ({"quantity": 0}, 434),
        ({"quantity": 10_000_000, "limit_price": "300"}, 134),
    ],
)
async def test_a_refused_change_leaves_the_order_as_it_was(change: dict[str, Any], code: int) -> None:
    async with site() as tws, Trader(tws.server.port) as trader:
        await trader.start()
        await trader.place(1, **LIMIT)
        assert await trader.place(1, **{**LIMIT, **change}) == [f"1 error {code}"]
        [order] = tws.venue.open_orders("DU1000001")
        assert (order.price_ticks, order.quantity_lots, order.side) == (1327, 10, "buy")


async def test_a_change_that_is_not_transmitted_waits() -> None:
    async with site() as tws, Trader(tws.server.port) as trader:
        await trader.start()
        await trader.place(1, **LIMIT)
        assert await trader.place(1, **{**LIMIT, "limit_price": "14"}, transmit=False) == []
        [order] = tws.venue.open_orders("DU1000001")
        assert order.price_ticks == 1327
        assert "1 Submitted 0/10" in await trader.place(1, **{**LIMIT, "limit_price": "14"})
        await trader.place(1, **LIMIT, transmit=False)
        assert (await trader.cancel(1))[-1] == "1 error 202"


async def test_an_order_cannot_become_smaller_than_what_has_filled() -> None:
    async with site() as tws, Trader(tws.server.port) as trader:
        await trader.start()
        await trader.place(1, **LIMIT)
        [order] = tws.venue.open_orders("DU1000001")
        tws.venue.operator.fill(order, 4)
        await trader.heard()
        assert await trader.place(1, **{**LIMIT, "quantity": 4}) == ["1 error 134"]
        assert "1 Submitted 4/2" in await trader.place(1, **{**LIMIT, "quantity": 6})


async def test_an_id_is_used_once() -> None:
    async with site() as tws, Trader(tws.server.port) as trader:
        await trader.start()
        await trader.place(5, **LIMIT)
        await trader.cancel(5)
        await trader.place(6, "BUY", 10)
        assert await trader.place(5, **LIMIT) == ["5 error 103"]
        assert await trader.place(3, **LIMIT) == ["3 error 103"]
        assert await trader.place(6, "BUY", 10) == ["6 error 104"]
        assert "7 Submitted 0/10" in await trader.place(7, **LIMIT)


@pytest.mark.parametrize("order_id", [2**31, -1, 0])
async def test_an_id_is_a_positive_number_of_32_bits(order_id: int) -> None:
    async with site() as tws, Trader(tws.server.port) as trader:
        await trader.start()
        assert await trader.place(order_id, **LIMIT) == [f"{order_id} error 320"]


async def test_a_done_order_cannot_be_canceled() -> None:
    async with site() as tws, Trader(tws.server.port) as trader:
        await trader.start()
        await trader.place(1, "BUY", 10)
        trader.send(orders.CancelOrder(order_id=1, manual_time="20261123-15:30:00"))
        [error] = await trader.news()
        assert (error.code, error.text.endswith("state: Filled.")) == (10148, True)
        assert await trader.cancel(99) == ["99 error 10147"]


CONDITION = OrderCondition(condition_type=3, conjunction="a", is_more=True, value="20261124 10:00:00")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"of": Contract(symbol="NONE", sec_type="STK", exchange="SMART", currency="USD")}, 200),
        ({"of": Contract(symbol="AAPL", sec_type="STK", currency="USD")}, 321),
        ({"kind": "NONSENSE"}, 321),
        ({"kind": "MIDPRICE"}, 387),
        ({"kind": "LMT", "limit_price": None}, 321),
        ({"limit_price": "-3"}, 321),
        ({"limit_price": "13.271"}, 110),
        ({"kind": "STP"}, 403),
        ({"kind": "TRAIL"}, 321),
        ({"kind": "TRAIL", "aux_price": "1", "trailing_percent": "2"}, 321),
        ({"action": "HOLD"}, 321),
        ({"quantity": 0}, 434),
        ({"quantity": -1}, 321),
        ({"quantity": "0.5"}, 10243),
        ({"quantity": 10**13}, 383),
        ({"account": "DU7"}, 321),
        ({"time_in_force": "OPG"}, 201),
        ({"time_in_force": "SOON"}, 321),
        ({"time_in_force": "GTD"}, 334),
        ({"time_in_force": "GTD", "good_till_date": "20201123 10:00:00"}, 334),
        ({"time_in_force": "GTD", "good_till_date": "tomorrow"}, 337),
        ({"oca_group": "g", "oca_type": 4}, 321),
        ({"algo_strategy": "Adaptive", "algo_params": (Tag(tag="adaptivePriority", value="Normal"),)}, 201),
        ({"conditions": (CONDITION,)}, 201),
        ({"scale_first_size": 5}, 201),
        ({"hedge_type": "D", "hedge_param": ""}, 201),
        ({"all_or_none": True}, 201),
        ({"display_size": 5}, 201),
        ({"hidden": True}, 201),
        ({"good_after_time": "later"}, 337),
        ({"what_if": True, "transmit": False}, 413),
    ],
)
async def test_what_cannot_be_is_refused_with_one_error(change: dict[str, Any], code: int) -> None:
    async with site() as tws, Trader(tws.server.port) as trader:
        await trader.start()
        wish = {name: value for name, value in {**LIMIT, **change}.items() if value is not None}
        assert await trader.place(1, **wish) == [f"1 error {code}"]
        assert tws.venue.open_orders("DU1000001") == []


async def test_a_refused_order_counts_as_a_placement() -> None:
    async with site() as tws, Trader(tws.server.port) as trader:
        await trader.start()
        await trader.place(1, "BUY", 10, "LMT", limit_price="13.271", order_ref="mine")
        dump: Any = tws.venue.dump()
        assert [(each["client_key"], each["placements"]) for each in dump["refused"]] == [("mine", 1)]


async def test_with_several_accounts_an_order_names_its_own() -> None:
    settings = TwsSettings(profile="stepped", accounts=("DU1000001", "U1000001"))
    async with site(settings) as tws, Trader(tws.server.port) as trader:
        await trader.start()
        assert await trader.place(1, **LIMIT) == ["1 error 435"]
        assert "2 Submitted 0/10" in await trader.place(2, **LIMIT, account="U1000001")
        assert [order.account_id for order in tws.venue.open_orders("U1000001")] == ["U1000001"]
