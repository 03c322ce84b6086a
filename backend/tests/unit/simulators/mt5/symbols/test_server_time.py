"""The server's wall clock: bars aligned to it, the same in UTC whatever the zone, and hours of trading."""

from datetime import UTC, datetime

import numpy as np
import pytest

from edgerunner.mt5_surface import constants
from edgerunner.simulators.mt5.symbols.server_time import DAY_NS, ServerZone
from edgerunner.simulators.mt5.symbols.timeframes import LENGTHS_NS, frame_of
from edgerunner.simulators.path import STEP_NS
from tests.unit.simulators.mt5.symbols.quotation import HOUR_NS, MINUTE_NS, SECOND_NS, Quotation

H1, H4, D1, W1, MN1 = (
    constants.TIMEFRAME_H1, constants.TIMEFRAME_H4, constants.TIMEFRAME_D1, constants.TIMEFRAME_W1,
    constants.TIMEFRAME_MN1,
)  # fmt: skip
FORWARD = datetime(2026, 3, 29, 1, tzinfo=UTC)
"""Eastern Europe puts its clocks from 03:00 to 04:00."""
BACK = datetime(2026, 10, 25, 1, tzinfo=UTC)
"""From 04:00 to 03:00."""


def at(moment: datetime) -> int:
    return int(moment.timestamp()) * SECOND_NS


def wall(zone: ServerZone, seconds: "np.typing.NDArray[np.int64]") -> list[datetime]:
    return [datetime.fromtimestamp(zone.to_server(int(each) * SECOND_NS) // SECOND_NS, UTC) for each in seconds]


@pytest.mark.parametrize("zone", ["UTC", "EET", "America/New_York", "Asia/Kolkata"])
@pytest.mark.parametrize("change", [FORWARD, BACK])
def test_a_wall_clock_time_is_found_again(zone: str, change: datetime) -> None:
    clock = ServerZone(zone)
    for hours in range(-30, 30):
        moment = at(change) + hours * HOUR_NS + 17 * MINUTE_NS
        again = clock.to_utc(clock.to_server(moment))
        assert clock.to_server(again) == clock.to_server(moment)
        assert again <= moment


def test_a_skipped_time_is_the_moment_of_the_skip() -> None:
    clock = ServerZone("EET")
    skipped = at(datetime(2026, 3, 29, 3, 30, tzinfo=UTC))
    assert clock.to_utc(skipped) == at(FORWARD)


@pytest.mark.parametrize("change", [FORWARD, BACK])
@pytest.mark.parametrize("frame", [constants.TIMEFRAME_M15, H1])
def test_bars_up_to_an_hour_are_the_same_in_utc_in_every_zone(frame: int, change: datetime) -> None:
    until_ns = at(change) + 3 * HOUR_NS
    rows = []
    for zone in ("UTC", "EET", "America/New_York"):
        bars = Quotation(zone=zone).data.bars_back("BTCUSD", frame, until_ns=until_ns, count=30)
        rows.append(list(zip(bars.time_s, bars.open, bars.high, bars.low, bars.close, bars.tick_volume, strict=True)))
    assert rows[0] == rows[1] == rows[2]


@pytest.mark.parametrize("change", [FORWARD, BACK])
def test_a_day_begins_at_the_servers_midnight_and_lasts_23_to_25_hours(change: datetime) -> None:
    quotation = Quotation()
    days = quotation.data.bars_back("BTCUSD", D1, until_ns=at(change) + 2 * DAY_NS, count=5)
    opens = wall(ServerZone("EET"), days.time_s)
    assert all((moment.hour, moment.minute) == (0, 0) for moment in opens)
    assert len({moment.date() for moment in opens}) == 5
    odd = 23 if change is FORWARD else 25
    assert sorted({int(gap) // 3600 for gap in np.diff(days.time_s)} - {24}) == [odd]


@pytest.mark.parametrize("change", [FORWARD, BACK])
def test_four_hours_follow_each_other_without_a_gap_over_a_change_of_the_clock(change: datetime) -> None:
    quotation = Quotation()
    bars = quotation.data.bars_back("BTCUSD", H4, until_ns=at(change) + 12 * HOUR_NS, count=10)
    hours = [moment.hour % 4 for moment in wall(ServerZone("EET"), bars.time_s)]
    assert hours == [0] * 10
    first, last = int(bars.time_s[0]) * SECOND_NS, int(bars.time_s[-1]) * SECOND_NS
    inside = quotation.bars_between("BTCUSD", H1, first, last - 1)
    assert inside.tick_volume.sum() == bars.tick_volume[:-1].sum()


def test_weeks_begin_on_sunday_and_months_on_the_first() -> None:
    data, zone = Quotation().data, ServerZone("EET")
    assert {moment.weekday() for moment in wall(zone, data.bars_back("EURUSD", W1, count=10).time_s)} == {6}
    assert {moment.day for moment in wall(zone, data.bars_back("EURUSD", MN1, count=14).time_s)} == {1}


def test_days_in_other_zones_begin_at_other_moments() -> None:
    opens = [
        int(Quotation(zone=zone).data.bars_back("EURUSD", D1, count=1).time_s[0]) % 86_400 // 3600
        for zone in ("UTC", "EET", "America/New_York")
    ]
    assert opens == [0, 22, 5]


def test_a_broker_that_keeps_hours_has_no_forex_at_the_weekend_and_bitcoin_always() -> None:
    saturday = at(datetime(2026, 11, 21, 12, tzinfo=UTC))
    quotation = Quotation(keeps_hours=True, now_ns=saturday)
    prices = quotation.data.prices
    assert {name: prices.is_open(name, saturday) for name in quotation.data.listed} == {
        "EURUSD": False, "GBPUSD": False, "USDJPY": False, "XAUUSD": False, "GER40": False, "BTCUSD": True,
    }  # fmt: skip
    friday_close = at(datetime(2026, 11, 20, 21, 55, tzinfo=UTC))
    tick = quotation.data.tick("EURUSD")
    assert friday_close - MINUTE_NS < tick.time_ns < friday_close
    days = wall(ServerZone("EET"), quotation.data.bars_back("EURUSD", D1, count=20).time_s)
    assert {moment.weekday() for moment in days} == {0, 1, 2, 3, 4}
    assert len(quotation.data.ticks_range("EURUSD", friday_close, saturday).time_ms) == 0


def test_the_first_minute_of_a_session_is_cut_to_it() -> None:
    monday = at(datetime(2026, 11, 23, 12, tzinfo=UTC))
    quotation = Quotation(keeps_hours=True, now_ns=monday)
    data = quotation.data
    hours = data.bars_back("EURUSD", H1, count=40)
    gaps = np.diff(hours.time_s)
    place = int(np.argmax(gaps))
    assert gaps[place] == 49 * 3600
    opened = int(hours.time_s[place + 1]) * SECOND_NS
    assert data.ticks_range("EURUSD", opened, opened + HOUR_NS).time_ms[0] == opened // 1_000_000 + 5 * 60_000
    minutes = quotation.bars_between("EURUSD", constants.TIMEFRAME_M1, opened, opened + HOUR_NS - 1)
    assert len(minutes.time_s) == 55
    assert hours.tick_volume[place + 1] == minutes.tick_volume.sum()


@pytest.mark.parametrize("zone", ["UTC", "EET", "America/New_York", "Australia/Sydney", "Etc/GMT+5", "Asia/Kolkata"])
@pytest.mark.parametrize("code", sorted(LENGTHS_NS))
def test_every_moment_lies_in_exactly_one_bar(zone: str, code: int) -> None:
    frame = frame_of(code, ServerZone(zone))
    for change in (FORWARD, BACK, datetime(2026, 3, 8, 7, tzinfo=UTC), datetime(2026, 4, 4, 16, tzinfo=UTC)):
        for minutes in range(-3 * 1440, 3 * 1440, 437):
            moment = at(change) + minutes * MINUTE_NS + 11
            start = frame.start(moment)
            end = frame.end(start)
            assert start <= moment < end
            assert end - start <= frame.length_ns + HOUR_NS
            assert (frame.start(start), frame.start(end - 1), frame.start(end)) == (start, start, end)


def test_a_piece_of_time_counts_until_the_market_closes_in_it() -> None:
    """Who looks hours later still finds the extremes of the session's last minutes, to be traded at."""
    close = at(datetime(2026, 11, 20, 21, 55, tzinfo=UTC)) // STEP_NS
    prices = Quotation(keeps_hours=True, now_ns=(close + 36_000) * STEP_NS).data.prices
    inside = prices.coarse_visits("EURUSD", close - 6_000, close)
    across = prices.coarse_visits("EURUSD", close - 6_000, close + 3_000)
    after = prices.coarse_visits("EURUSD", close, close + 3_000)
    assert across == inside
    assert all(quote.is_open for quote in across)
    assert not any(quote.is_open for quote in after)
    assert {(quote.bid, quote.ask) for quote in after} == {(inside[-1].bid, inside[-1].ask)}
