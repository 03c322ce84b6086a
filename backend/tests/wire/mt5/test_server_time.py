"""The same broker behind servers in three time zones: what happened when is the same in UTC, whatever the clock shows.

The clocks of the second server are put forward and back inside of the ranges; the expected wall clock comes from the
zone data directly.
"""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from edgerunner.simulators.faults import FaultBox
from edgerunner.simulators.mt5.settings import Mt5Settings
from edgerunner.simulators.mt5.venue import Mt5Venue
from edgerunner.simulators.venue_state import VenueSettings
from tests.wire.mt5.kit import Site, running_site

UTC_ZONE, EASTERN_EUROPE, MINUS_FIVE = "UTC", "EET", "Etc/GMT+5"
ZONES = (UTC_ZONE, EASTERN_EUROPE, MINUS_FIVE)
SPRING = datetime(2026, 3, 29, 1, tzinfo=UTC)
AUTUMN = datetime(2026, 10, 25, 1, tzinfo=UTC)
SWITCHES = (SPRING, AUTUMN)


@dataclass(slots=True)
class Clock:
    """A wall clock that a test sets."""

    moment: datetime

    def __call__(self) -> int:
        return int(self.moment.timestamp()) * 1_000_000_000 + self.moment.microsecond * 1000


def shown(zone: str, moment: datetime) -> int:
    """Return what the server's clock shows at a moment, read as if it were UTC."""
    return int(moment.astimezone(ZoneInfo(zone)).replace(tzinfo=UTC).timestamp())


@contextlib.asynccontextmanager
async def server_in(zone: str, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Site]:
    faults = FaultBox(["mt5"])
    venue = Mt5Venue(faults, VenueSettings(ledger_path=None, wall=clock), Mt5Settings(server_zone=zone))
    try:
        async with running_site(venue, faults, monkeypatch) as site:
            yield site
    finally:
        venue.close()


@pytest.mark.parametrize("switch", SWITCHES, ids=["spring", "autumn"])
async def test_bars_over_a_switch_of_clocks_are_the_same_in_utc(
    switch: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, last = switch - timedelta(hours=5), switch + timedelta(hours=5)
    bars: dict[str, Any] = {}
    for zone in ZONES:
        async with server_in(zone, Clock(last + timedelta(hours=6)), monkeypatch) as site:
            mt5 = site.mt5
            bars[zone] = await site.ask(
                mt5.copy_rates_range, "EURUSD", mt5.TIMEFRAME_M15, shown(zone, first), shown(zone, last)
            )
            backwards = await site.ask(mt5.copy_rates_from, "EURUSD", mt5.TIMEFRAME_M15, shown(zone, last), 41)
            assert np.array_equal(backwards, bars[zone])
    moments = [datetime.fromtimestamp(int(seconds), UTC) for seconds in bars[UTC_ZONE]["time"]]
    assert (moments[0], moments[-1], len(moments)) == (first, last, 41)
    for zone in ZONES:
        assert bars[zone]["time"].tolist() == [shown(zone, moment) for moment in moments]
        for field in ("open", "high", "low", "close", "tick_volume", "spread"):
            assert np.array_equal(bars[zone][field], bars[UTC_ZONE][field])
    jump = 900 + (3600 if switch == SPRING else -3600)
    assert sorted(set(np.diff(bars[EASTERN_EUROPE]["time"]))) == sorted({900, jump})


@pytest.mark.parametrize("switch", SWITCHES, ids=["spring", "autumn"])
async def test_ticks_over_a_switch_of_clocks_are_the_same_in_utc(
    switch: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, last = switch - timedelta(seconds=20), switch + timedelta(seconds=20)
    ticks: dict[str, Any] = {}
    for zone in ZONES:
        async with server_in(zone, Clock(last + timedelta(hours=2)), monkeypatch) as site:
            start = shown(zone, first) if switch == SPRING else shown(zone, first - timedelta(hours=1))
            end = shown(zone, last) if switch == SPRING else shown(zone, last + timedelta(hours=1))
            found = await site.ask(site.mt5.copy_ticks_range, "EURUSD", start, end, site.mt5.COPY_TICKS_ALL)
            tick = await site.ask(site.mt5.symbol_info_tick, "EURUSD")
            assert abs(tick.time - shown(zone, last + timedelta(hours=2))) <= 60
            ticks[zone] = found
    stamps = ticks[UTC_ZONE]["time_msc"]
    assert len(stamps) > 10
    for zone in ZONES:
        wall = [
            shown(zone, datetime.fromtimestamp(int(stamp) // 1000, UTC)) * 1000 + int(stamp) % 1000 for stamp in stamps
        ]
        assert ticks[zone]["time_msc"].tolist() == wall
        assert ticks[zone]["time"].tolist() == [stamp // 1000 for stamp in wall]
        assert np.array_equal(ticks[zone]["bid"], ticks[UTC_ZONE]["bid"])


@pytest.mark.parametrize("switch", SWITCHES, ids=["spring", "autumn"])
async def test_deals_orders_and_positions_around_a_switch_have_the_same_times_in_utc(
    switch: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = [switch + timedelta(minutes=minutes, milliseconds=250) for minutes in (-90, -30, 0, 30, 90)]
    prices: dict[str, list[float]] = {}
    for zone in ZONES:
        clock = Clock(moments[0] - timedelta(hours=1))
        async with server_in(zone, clock, monkeypatch) as site:
            deals = await _deals_at(site, clock, moments)
            orders = await site.ask(site.mt5.history_orders_get, 0, 2**33)
            positions = await site.ask(site.mt5.positions_get)
            wall = [shown(zone, moment) for moment in moments]
            for records in (deals, positions):
                assert [record.time for record in records] == wall
                assert [record.time_msc for record in records] == [seconds * 1000 + 250 for seconds in wall]
            assert [order.time_done_msc for order in orders] == [seconds * 1000 + 250 for seconds in wall]
            assert [order.time_setup for order in orders] == wall
            prices[zone] = [deal.price for deal in deals]
            await _ranges_hold_what_they_should(site, wall)
    assert prices[UTC_ZONE] == prices[EASTERN_EUROPE] == prices[MINUS_FIVE]


async def test_an_expiration_is_read_in_server_time(monkeypatch: pytest.MonkeyPatch) -> None:
    now = AUTUMN - timedelta(hours=6)
    for zone in ZONES:
        clock = Clock(now)
        async with server_in(zone, clock, monkeypatch) as site:
            mt5 = site.mt5
            ask = (await site.ask(mt5.symbol_info_tick, "EURUSD")).ask
            expiration = shown(zone, AUTUMN + timedelta(hours=6))
            request = {
                "action": mt5.TRADE_ACTION_PENDING, "symbol": "EURUSD", "volume": 0.1, "type": mt5.ORDER_TYPE_BUY_LIMIT,
                "price": round(ask * 0.5, 5), "type_filling": mt5.ORDER_FILLING_RETURN,
                "type_time": mt5.ORDER_TIME_SPECIFIED, "expiration": expiration,
            }  # fmt: skip
            result = await site.ask(mt5.order_send, request)
            assert result.retcode in {mt5.TRADE_RETCODE_DONE, mt5.TRADE_RETCODE_PLACED}, result
            (order,) = await site.ask(mt5.orders_get)
            assert order.time_expiration == expiration
            clock.moment = AUTUMN + timedelta(hours=5, minutes=59)
            assert await site.ask(mt5.orders_total) == 1
            clock.moment = AUTUMN + timedelta(hours=6, minutes=1)
            assert await site.ask(mt5.orders_total) == 0
            (done,) = await site.ask(mt5.history_orders_get, ticket=order.ticket)
            assert done.state == mt5.ORDER_STATE_EXPIRED


async def _deals_at(site: Site, clock: Clock, moments: list[datetime]) -> list[Any]:
    mt5 = site.mt5
    for moment in moments:
        clock.moment = moment
        result = await site.ask(
            mt5.order_send,
            {"action": 1, "symbol": "EURUSD", "volume": 0.1, "type": 0, "type_filling": mt5.ORDER_FILLING_IOC},
        )
        assert result.retcode == mt5.TRADE_RETCODE_DONE, result
    deals = await site.ask(mt5.history_deals_get, 0, 2**33)
    return [deal for deal in deals if deal.order]


async def _ranges_hold_what_they_should(site: Site, wall: list[int]) -> None:
    """A range by the server's clock holds every deal whose time it shows, both comings of a doubled hour included."""
    for first in wall:
        for last in wall:
            if first <= last:
                expected = sum(first <= seconds <= last for seconds in wall)
                assert await site.ask(site.mt5.history_deals_total, first, last) == expected
