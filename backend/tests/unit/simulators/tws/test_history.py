"""Past prices of the simulated TWS: words of requests, sessions, and bars that fit together."""

from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgerunner.simulators.catalogue_ibkr import ibkr_catalogue
from edgerunner.simulators.faults import FaultBox
from edgerunner.simulators.tws.contracts import dated, schedule, standing
from edgerunner.simulators.tws.contracts.listing import Listing
from edgerunner.simulators.tws.gateway import Gateway
from edgerunner.simulators.tws.history.prices import Prices
from edgerunner.simulators.tws.history.query import BadQuery, parse_bar_size, parse_duration, parse_end
from edgerunner.simulators.tws.history.spans import Session, nanoseconds, sessions, spans
from edgerunner.simulators.tws.history.views import VIEWS, bar_of
from edgerunner.simulators.tws.settings import TwsSettings
from edgerunner.simulators.venue import Venue
from edgerunner.simulators.venue_state import VenueSettings

EASTERN = ZoneInfo("US/Eastern")
NOW = datetime(2026, 11, 23, 10, 30, tzinfo=EASTERN)
MINUTE_NS = 60 * 10**9
ES = dated.listed_futures(date(2026, 11, 23))[0]
MOMENTS = st.integers(15_000 * 86_400, 24_000 * 86_400).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
"""From 2011 to 2035."""
PRICED = [*standing.STANDING, ES]


def prices(seed: int) -> Prices:
    settings = VenueSettings(ledger_path=None, wall=lambda: nanoseconds(NOW), seed=seed)
    faults = FaultBox(["ibkr"])
    return Gateway(Venue(ibkr_catalogue(), faults, settings), faults, TwsSettings()).prices


PRICES = prices(1)


def us_sessions(duration: str, end: datetime = NOW) -> list[Session]:
    hours = schedule.US_STOCKS.liquid
    return sessions(hours, "US/Eastern", parse_duration(duration), end=end, earliest=date(2010, 1, 4))


def begins(found: list[Session], size: str) -> list[str]:
    moments = [datetime.fromtimestamp(each.start_ns // 10**9, EASTERN) for each in spans(found, parse_bar_size(size))]
    return [f"{moment:%d %H:%M:%S}" for moment in moments]


def test_bars_of_an_hour_begin_as_recorded() -> None:
    saturday = datetime(2026, 11, 21, 12, tzinfo=EASTERN)
    hours = ["09:30:00", *(f"{hour}:00:00" for hour in range(10, 16))]
    assert begins(us_sessions("1 D", saturday), "1 hour") == [f"20 {hour}" for hour in hours]


def test_the_newest_bar_ends_now() -> None:
    newest = list(spans(us_sessions("1 D"), parse_bar_size("20 mins")))[-1]
    assert newest.pieces == ((nanoseconds(NOW.replace(minute=20)), nanoseconds(NOW)),)


def test_seconds_are_counted_in_traded_time() -> None:
    assert begins(us_sessions("5400 S"), "30 mins") == ["20 15:30:00", "23 09:30:00", "23 10:00:00"]


@pytest.mark.parametrize(("duration", "days"), [("1 D", 1), ("3 D", 3), ("1 W", 6), ("1 M", 22), ("1 Y", 261)])
def test_durations_reach_back_in_sessions_or_on_the_calendar(duration: str, days: int) -> None:
    found = us_sessions(duration)
    assert len(found) == days
    assert found[-1].day == date(2026, 11, 23)


def test_weeks_and_months_join_their_sessions() -> None:
    weeks = list(spans(us_sessions("2 W"), parse_bar_size("1 week")))
    assert [(week.day.isoformat(), len(week.pieces)) for week in weeks] == [
        ("2026-11-13", 5),
        ("2026-11-20", 5),
        ("2026-11-23", 1),
    ]
    months = list(spans(us_sessions("2 M"), parse_bar_size("1 month")))
    assert [month.day.isoformat() for month in months] == ["2026-09-30", "2026-10-30", "2026-11-23"]


def test_sessions_keep_their_hours_over_a_change_of_the_clock() -> None:
    found = us_sessions("1 M")
    opens = {datetime.fromtimestamp(each.start_ns // 10**9, EASTERN).strftime("%H:%M") for each in found}
    offsets = {datetime.fromtimestamp(each.start_ns // 10**9, UTC).hour for each in found}
    assert (opens, offsets) == ({"09:30"}, {13, 14})


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("", NOW),
        ("20261120 10:00:00", datetime(2026, 11, 20, 10, tzinfo=EASTERN)),
        ("20261120-15:00:00", datetime(2026, 11, 20, 15, tzinfo=UTC)),
        ("20261120 09:00:00 US/Central", datetime(2026, 11, 20, 15, tzinfo=UTC)),
        ("20301120-15:00:00", NOW),
    ],
)
def test_ends_are_read_in_their_zone_and_never_lie_in_the_future(text: str, moment: datetime) -> None:
    assert parse_end(text, NOW) == moment


@pytest.mark.parametrize(
    "text", ["now", "20261320 10:00:00", "20261120 25:00:00", "20261120", "20261120 10:00:00 Mars"]
)
def test_an_end_that_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(BadQuery):
        parse_end(text, NOW)


@pytest.mark.parametrize("text", ["", "1", "D", "0 D", "1 X", "-1 D", "999 Y", "1 D 1"])
def test_a_duration_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadQuery):
        parse_duration(text)


@pytest.mark.parametrize("text", ["", "7 mins", "1 sec", "1 Day", "2 days"])
def test_a_bar_size_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadQuery):
        parse_bar_size(text)


@settings(max_examples=30)
@given(st.sampled_from(PRICED), MOMENTS, st.integers(2, 30))
def test_a_bar_is_the_sum_of_its_minutes(listing: Listing, start: datetime, minutes: int) -> None:
    first = nanoseconds(start.replace(second=0))
    whole = PRICES.bar(listing, first, first + minutes * MINUTE_NS)
    parts = [
        PRICES.bar(listing, first + index * MINUTE_NS, first + (index + 1) * MINUTE_NS) for index in range(minutes)
    ]
    assert (whole.open, whole.close) == (parts[0].open, parts[-1].close)
    assert (whole.high, whole.low) == (max(part.high for part in parts), min(part.low for part in parts))
    assert whole.volume == sum(part.volume for part in parts)
    assert (whole.opening_quote, whole.closing_quote) == (parts[0].opening_quote, parts[-1].closing_quote)


@settings(max_examples=60)
@given(st.sampled_from(PRICED), MOMENTS, st.sampled_from(sorted(VIEWS)))
def test_every_view_is_a_bar(listing: Listing, start: datetime, what: str) -> None:
    first = nanoseconds(start)
    bar = bar_of("", PRICES.bar(listing, first, first + 5 * MINUTE_NS), what, PRICES.spread(listing))
    assert 0 < bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high
    if what in {"TRADES", "BID", "ASK"}:
        steps = [step.increment for step in listing.rule.increments if step.low_edge <= bar.low][-1]
        assert all(value % steps == 0 for value in (bar.open, bar.high, bar.low, bar.close))


def test_prices_are_the_same_for_the_same_seed_and_others_for_another() -> None:
    span = (nanoseconds(NOW), nanoseconds(NOW) + MINUTE_NS)
    assert prices(1).bar(standing.AAPL, *span) == PRICES.bar(standing.AAPL, *span)
    assert prices(2).bar(standing.AAPL, *span) != PRICES.bar(standing.AAPL, *span)


def test_the_fund_and_the_futures_follow_one_index() -> None:
    start = nanoseconds(NOW)
    for offset in range(0, 200, 20):
        span = (start + offset * 86_400 * 10**9, start + offset * 86_400 * 10**9 + MINUTE_NS)
        fund, future = PRICES.bar(standing.SPY, *span), PRICES.bar(ES, *span)
        assert abs(future.close / fund.close / 10 - 1) < Decimal("0.001")


def test_later_futures_cost_more() -> None:
    span = (nanoseconds(NOW), nanoseconds(NOW) + MINUTE_NS)
    months = [each for each in dated.listed_futures(NOW.date()) if each.symbol == "ES"]
    assert all(near.close < far.close for near, far in pairwise(PRICES.bar(month, *span) for month in months))


def test_options_cost_more_than_their_exercise_is_worth() -> None:
    span = (nanoseconds(NOW), nanoseconds(NOW) + MINUTE_NS)
    fund = PRICES.bar(standing.SPY, *span).close
    for option in dated.listed_options(NOW.date())[::40]:
        assert option.strike is not None
        worth = fund - option.strike if option.right == "C" else option.strike - fund
        assert PRICES.bar(option, *span).close >= max(Decimal("0.01"), worth - Decimal("0.01"))


def test_a_bar_of_an_option_holds_the_bars_of_its_parts() -> None:
    option = next(each for each in dated.listed_options(NOW.date()) if each.strike == 620 and each.right == "P")
    start = nanoseconds(NOW)
    whole = PRICES.bar(option, start, start + 90 * MINUTE_NS)
    parts = [PRICES.bar(option, start + at * MINUTE_NS, start + (at + 1) * MINUTE_NS) for at in range(90)]
    assert (whole.high, whole.low) == (max(part.high for part in parts), min(part.low for part in parts))
    assert (whole.open, whole.close) == (parts[0].open, parts[-1].close)
    assert whole.volume == sum(part.volume for part in parts)
