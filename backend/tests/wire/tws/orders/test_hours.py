"""Orders and trading hours: what waits for the open, and what ends at the close."""

from datetime import UTC, datetime
from typing import Any

import pytest

from edgerunner.simulators.tws.wire.orders import OpenOrder
from edgerunner.simulators.tws.wire.session import ErrorMessage
from tests.wire.tws.orders.trader import EURUSD, HOURS, MES, Trader, site, words

NIGHT = int(datetime(2026, 11, 23, 3, tzinfo=UTC).timestamp()) * 1_000_000_000
"""Sunday 22:00 in New York: stocks are closed, currencies and futures trade."""
HELD = ["1 open PreSubmitted", "1 PreSubmitted 0/10"]


async def test_an_order_at_night_waits_for_the_open_and_says_so() -> None:
    async with site(HOURS, time_ns=NIGHT) as tws, Trader(tws.server.port) as trader:
        await trader.start()
        answer = await trader.place_raw(1, "BUY", 10)
        [notice] = [each for each in answer if isinstance(each, ErrorMessage)]
        assert (notice.code, notice.text.splitlines()[0]) == (399, "Order Message:")
        assert notice.text.endswith("at the exchange until 2026-11-23 09:30:00 US/Eastern.")
        assert [each for each in words(answer) if "error" not in each] == HELD
        tws.pass_hours(11.49)
        assert await trader.heard() == []
        tws.pass_hours(0.02)
        assert "1 Filled 10/0" in await trader.heard()


async def test_an_order_for_all_hours_trades_before_the_open() -> None:
    async with site(HOURS, time_ns=NIGHT) as tws, Trader(tws.server.port) as trader:
        await trader.start()
        answer = await trader.place(1, "BUY", 10, "LMT", limit_price="270", outside_rth=True)
        assert sorted(answer) == sorted([*HELD, "1 error 399"])
        tws.pass_hours(6.5)
        assert "1 Filled 10/0" in await trader.heard()


async def test_hours_are_kept_as_long_as_a_fault_wants_it() -> None:
    async with site(time_ns=NIGHT) as tws, Trader(tws.server.port) as trader:
        await trader.start()
        await trader.place(1, "BUY", 10, "LMT", limit_price="260")
        fault = tws.venue.faults.add("ibkr", "ibkr.trading_hours")
        tws.pass_hours(0.01)
        assert await trader.heard() == HELD
        tws.venue.faults.remove(fault.fault_id)
        tws.pass_hours(0.01)
        assert "1 Submitted 0/10" in await trader.heard()


async def test_a_market_order_for_all_hours_waits_all_the_same() -> None:
    async with site(HOURS, time_ns=NIGHT) as tws, Trader(tws.server.port) as trader:
        await trader.start()
        assert "1 error 2109" in await trader.place(1, "BUY", 10, outside_rth=True)
        tws.pass_hours(6.5)
        assert await trader.heard() == []


@pytest.mark.parametrize("contract", [EURUSD, MES])
async def test_currencies_and_futures_trade_at_night(contract: object) -> None:
    async with site(HOURS, time_ns=NIGHT) as tws, Trader(tws.server.port) as trader:
        await trader.start()
        assert any(
            "Filled" in each for each in await trader.place(1, "BUY", 30_000 if contract is EURUSD else 1, of=contract)
        )


async def test_a_day_order_ends_at_the_close() -> None:
    async with site(HOURS) as tws, Trader(tws.server.port) as trader:
        await trader.start()
        await trader.place(1, "BUY", 10, "LMT", limit_price="13.27")
        tws.pass_hours(5.51)
        assert await trader.heard() == ["1 Cancelled 0/10", "1 error 202"]
        [done, _] = await trader.completed()
        assert done.completed_status == "Cancelled by System:\n"


async def test_an_order_good_till_canceled_waits_over_the_night() -> None:
    async with site(HOURS) as tws, Trader(tws.server.port) as trader:
        await trader.start()
        await trader.place(1, "BUY", 10, "LMT", limit_price="260", time_in_force="GTC")
        tws.pass_hours(5.51)
        assert await trader.heard() == HELD
        tws.pin("250")
        tws.pass_hours(1)
        assert await trader.heard() == []
        tws.pass_hours(16.5)
        assert "1 Filled 10/0" in await trader.heard()


async def test_an_order_good_till_a_date_ends_then() -> None:
    async with site() as tws, Trader(tws.server.port) as trader:
        await trader.start()
        until: dict[str, Any] = {"time_in_force": "GTD", "good_till_date": "20261125 12:00:00 US/Eastern"}
        [opened, *_] = await trader.place_raw(1, "BUY", 10, "LMT", limit_price="13.27", **until)
        assert isinstance(opened, OpenOrder)
        assert opened.order.good_till_date == until["good_till_date"]
        tws.pass_hours(49)
        assert await trader.heard() == []
        tws.pass_hours(0.6)
        assert await trader.heard() == ["1 Cancelled 0/10", "1 error 202"]


async def test_an_order_good_after_a_time_waits_for_it() -> None:
    async with site() as tws, Trader(tws.server.port) as trader:
        await trader.start()
        assert await trader.place(1, "BUY", 10, good_after_time="20261123 12:00:00 US/Eastern") == HELD
        tws.pass_hours(1.4)
        assert await trader.heard() == []
        tws.pass_hours(0.2)
        assert "1 Filled 10/0" in await trader.heard()


async def test_a_stop_does_not_fire_at_night() -> None:
    async with site(HOURS) as tws, Trader(tws.server.port) as trader:
        await trader.start()
        await trader.place(1, "SELL", 10, "STP", aux_price="260", time_in_force="GTC")
        tws.pass_hours(6)
        tws.pin("250")
        tws.pass_hours(1)
        assert await trader.heard() == []
        tws.pass_hours(16.6)
        assert "1 Filled 10/0" in await trader.heard()
