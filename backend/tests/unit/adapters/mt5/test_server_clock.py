"""Trap 9: the trade server's clock, measured or named, and its summer time."""

from datetime import UTC, datetime

import pytest

from edgerunner.adapters.mt5.clock_keeper import ClockKeeper
from edgerunner.adapters.mt5.server_clock import ServerClock, parse_zone, reading_of

S = 10**9
NOON = int(datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp())


def measured(offset_h: float) -> ServerClock:
    clock = ServerClock(None)
    assert clock.observe(int((NOON + offset_h * 3600) * 1000), NOON * S)
    return clock


@pytest.mark.parametrize("offset_h", [-5, 0, 2, 3, 5.5, 5.75, 13])
def test_offset_is_read_on_quarters_of_an_hour(offset_h: float) -> None:
    clock = measured(offset_h)
    assert clock.offset_s == offset_h * 3600
    assert clock.utc_ns(int((NOON + offset_h * 3600) * 1000) + 123) == NOON * S + 123_000_000
    assert clock.server_s(NOON * S) == NOON + offset_h * 3600


@pytest.mark.parametrize("late_s", [-100, -3, 40, 110])
def test_clocks_that_are_minutes_apart_do_not_matter(late_s: int) -> None:
    assert reading_of((NOON + 7200 - late_s) * 1000, NOON * S) == 7200


@pytest.mark.parametrize("stamp_s", [NOON + 7200 - 400, NOON - 13 * 3600, NOON + 15 * 3600])
def test_stamp_that_shows_no_offset_is_none(stamp_s: int) -> None:
    assert reading_of(stamp_s * 1000, NOON * S) is None


def test_unknown_clock_converts_nothing() -> None:
    with pytest.raises(ValueError, match="not known"):
        ServerClock(None).utc_ns(NOON * 1000)


def test_summer_time_is_believed_after_three_readings_and_dates_the_past_as_before() -> None:
    clock = measured(2)
    later = NOON + 86_400
    changes = [clock.observe((later + n + 3 * 3600) * 1000, (later + n) * S) for n in range(3)]
    assert changes == [False, False, True]
    assert clock.offset_s == 3 * 3600
    assert clock.utc_ns((NOON + 7200) * 1000) == NOON * S
    assert clock.utc_ns((later + 10 + 3 * 3600) * 1000) == (later + 10) * S


def test_single_odd_reading_changes_nothing() -> None:
    clock = measured(2)
    for hours in (3, 2, 3, 2, 3, 2):
        assert not clock.observe((NOON + hours * 3600) * 1000, NOON * S)
    assert clock.offset_s == 7200


@pytest.mark.parametrize("hours", [5, -2, 2.25])
def test_change_that_is_no_summer_time_is_told_and_not_believed(hours: float) -> None:
    clock = measured(2)
    for _ in range(5):
        assert not clock.observe(int((NOON + hours * 3600) * 1000), NOON * S)
    assert clock.offset_s == 7200
    assert "UTC+2" in str(clock.contradiction)


@pytest.mark.parametrize(
    ("zone", "month", "hours"),
    [
        ("EET", 1, 2),
        ("EET", 7, 3),
        ("America/New_York+7", 1, 2),
        ("America/New_York+7", 3, 3),
        ("Europe/Athens", 3, 2),
        ("Etc/GMT-3", 7, 3),
        ("UTC", 7, 0),
    ],
)
def test_named_zone_is_exact_all_year(zone: str, month: int, hours: int) -> None:
    """On 15 March New York has summer time already and Athens has not."""
    clock = ServerClock(parse_zone(zone))
    moment = int(datetime(2026, month, 15, 12, tzinfo=UTC).timestamp())
    assert clock.server_s(moment * S) == moment + hours * 3600
    assert clock.utc_ns((moment + hours * 3600) * 1000) == moment * S


@pytest.mark.parametrize("text", ["", "Nowhere/City", "Nowhere+3", "America/New_York+", "+7", "../etc"])
def test_zone_that_does_not_exist_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="zone"):
        parse_zone(text)


def test_zone_that_fresh_ticks_contradict_is_told() -> None:
    clock = ServerClock(parse_zone("UTC"))
    clock.observe((NOON + 7200) * 1000, NOON * S)
    assert "UTC+2" in str(clock.contradiction)
    assert clock.utc_ns(NOON * 1000) == NOON * S


def keeper(clock: ServerClock) -> ClockKeeper:
    return ClockKeeper(clock, None, now_ns=lambda: 0, wait_s=1)  # type: ignore[arg-type] # no call is made


def test_last_price_of_a_closed_market_is_no_reading() -> None:
    clock = ServerClock(None)
    eyes = keeper(clock)
    for second in range(20):
        eyes.see("EURUSD", (NOON - 40 * 3600) * 1000, (NOON + second) * S)
    assert not clock.is_measured


def test_terminal_that_catches_up_is_no_reading() -> None:
    """The first stamp is from its last session, the next one Friday's last: it advanced, but not as our clock did."""
    clock = ServerClock(None)
    eyes = keeper(clock)
    eyes.see("EURUSD", (NOON - 90 * 3600) * 1000, NOON * S)
    eyes.see("EURUSD", (NOON - 12 * 3600) * 1000, (NOON + 1) * S)
    assert not clock.is_measured


def test_stamp_that_advances_as_our_clock_does_is_a_reading() -> None:
    clock = ServerClock(None)
    eyes = keeper(clock)
    eyes.see("EURUSD", (NOON + 7200) * 1000, NOON * S)
    assert eyes.see("EURUSD", (NOON + 7201) * 1000, (NOON + 1) * S)
    assert clock.offset_s == 7200


def test_summer_time_is_seen_though_the_stamps_jump() -> None:
    clock = measured(2)
    eyes = keeper(clock)
    eyes.see("EURUSD", (NOON + 7200) * 1000, NOON * S)
    changes = [eyes.see("EURUSD", (NOON + 10_800 + n) * 1000, (NOON + n) * S) for n in range(1, 5)]
    assert changes[-1] or changes[-2]
    assert clock.offset_s == 10_800


def test_first_reading_under_a_named_zone_dates_nothing_anew() -> None:
    """With a zone the clock is set already: a reading that were told as a change would have all be read again."""
    clock = ServerClock(parse_zone("EET"))
    eyes = keeper(clock)
    changes = [eyes.see("EURUSD", (NOON + 7200 + n) * 1000, (NOON + n) * S) for n in range(6)]
    assert changes == [False] * 6
    assert clock.offset_s == 7200
    assert clock.contradiction is None
