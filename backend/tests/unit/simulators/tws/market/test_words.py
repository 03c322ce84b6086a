"""Words and rules of market data: rights, generic ticks, periods, trading days."""

from datetime import UTC, datetime

import pytest

from edgerunner.simulators.tws.contracts import schedule
from edgerunner.simulators.tws.history.query import BadQuery
from edgerunner.simulators.tws.market.days import is_within, trading_day
from edgerunner.simulators.tws.market.generic_list import BadGenericTicks, parse_generic_ticks
from edgerunner.simulators.tws.market.histogram import parse_period
from edgerunner.simulators.tws.market.rights import DataRights, DataType, granted

LIVE, FROZEN, DELAYED, DELAYED_FROZEN = DataType


def ns(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 10**9


@pytest.mark.parametrize(
    ("rights", "is_open", "expected"),
    [
        (DataRights.LIVE, True, [LIVE, LIVE, LIVE, LIVE]),
        (DataRights.LIVE, False, [LIVE, FROZEN, LIVE, FROZEN]),
        (DataRights.DELAYED, True, [None, None, DELAYED, DELAYED]),
        (DataRights.DELAYED, False, [None, None, DELAYED, DELAYED_FROZEN]),
        (DataRights.NONE, True, [None, None, None, None]),
    ],
)
def test_the_kind_of_data_follows_from_the_wish_the_rights_and_the_hour(
    rights: DataRights, is_open: bool, expected: list[DataType | None]
) -> None:
    assert [granted(asked, rights, is_open=is_open) for asked in DataType] == expected


@pytest.mark.parametrize(
    ("text", "sec_type", "found"),
    [
        ("", "STK", set()),
        (" 233, 236 ,,mdoff", "STK", {233, 236}),
        ("221,220,47,59,104", "STK", {232, 221, 258, 456, 104}),
        ("292:BRFG+DJNL", "STK", {292}),
        ("456", "FUT", {456}),
    ],
)
def test_generic_ticks_are_read_with_their_older_numbers(text: str, sec_type: str, found: set[int]) -> None:
    assert parse_generic_ticks(text, sec_type) == found


@pytest.mark.parametrize(("text", "sec_type"), [("13", "STK"), ("456", "CASH"), ("595", "CASH"), ("²", "STK")])
def test_what_is_not_legal_for_a_kind_of_contract_is_refused(text: str, sec_type: str) -> None:
    with pytest.raises(BadGenericTicks, match=f"Legal ones for \\({sec_type}\\)"):
        parse_generic_ticks(text, sec_type)


@pytest.mark.parametrize(
    ("text", "period"),
    [("3 days", (3, "D")), ("1 week", (1, "W")), ("2 hours", (7200, "S")), ("30 minutes", (1800, "S"))],
)
def test_periods_of_histograms_are_read(text: str, period: tuple[int, str]) -> None:
    found = parse_period(text)
    assert (found.count, found.unit) == period


@pytest.mark.parametrize("text", ["", "days", "0 days", "3 D", "2 years", "400 days"])
def test_a_period_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadQuery):
        parse_period(text)


@pytest.mark.parametrize(
    ("moment", "day", "is_open"),
    [
        ("2026-11-23T08:59:59", "2026-11-20", False),
        ("2026-11-23T09:00:00", "2026-11-23", True),
        ("2026-11-24T00:59:59", "2026-11-23", True),
        ("2026-11-24T01:00:00", "2026-11-23", False),
        ("2026-11-22T12:00:00", "2026-11-20", False),
    ],
)
def test_a_moment_belongs_to_the_newest_session_that_has_begun(moment: str, day: str, is_open: bool) -> None:
    found = trading_day(schedule.US_STOCKS, ns(moment))
    assert (found.date.isoformat(), found.is_open(ns(moment))) == (day, is_open)


def test_a_day_of_futures_begins_the_evening_before() -> None:
    found = trading_day(schedule.CHICAGO_FUTURES, ns("2026-11-22T23:30:00"))
    assert found.date.isoformat() == "2026-11-23"
    assert found.previous_close_ns == ns("2026-11-20T22:00:00")
    assert is_within(schedule.CHICAGO_FUTURES.trading, "US/Central", ns("2026-11-22T23:30:00"))
    assert not is_within(schedule.CHICAGO_FUTURES.trading, "US/Central", ns("2026-11-22T22:59:59"))
    assert not is_within(schedule.CHICAGO_FUTURES.liquid, "US/Central", ns("2026-11-22T23:30:00"))
