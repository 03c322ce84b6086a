"""Scopes by name, and trading hours."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from edgerunner.domain.errors import InvalidRequest
from edgerunner.domain.instruments import Session
from edgerunner.risk.hours import is_open
from edgerunner.risk.scopes import EVERYTHING, Scope, parse_scope
from tests.fakes.instruments import LINEAR

DAY = 24 * 60
NEW_YORK = replace(
    LINEAR,
    timezone="America/New_York",
    sessions=tuple(Session(open_minute=day * DAY + 570, close_minute=day * DAY + 960) for day in range(5)),
)
FOREX = replace(
    LINEAR,
    timezone="America/New_York",
    sessions=(Session(open_minute=6 * DAY + 17 * 60, close_minute=11 * DAY + 17 * 60),),
)


@pytest.mark.parametrize("text", ["all", "connection:bybit-sim", "account:bybit-sim:SIM:1", "strategy:sma-1"])
def test_a_scope_is_written_as_it_was_read(text: str) -> None:
    assert str(parse_scope(text)) == text


@pytest.mark.parametrize("text", ["", "ALL", "all:", "connection:", "connection:A", "account:bybit-sim", "user:1"])
def test_other_texts_are_refused_by_field(text: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        parse_scope(text)
    assert refusal.value.errors[0].field == "scope"


def test_a_scope_covers_what_lies_in_it() -> None:
    def covered(scope: Scope) -> bool:
        return scope.covers(connection_id="a", account_id="1", strategy_id="s")

    assert covered(EVERYTHING)
    assert covered(Scope(connection_id="a"))
    assert covered(Scope(connection_id="a", account_id="1"))
    assert covered(Scope(strategy_id="s"))
    assert not covered(Scope(connection_id="b"))
    assert not covered(Scope(connection_id="a", account_id="2"))
    assert not covered(Scope(strategy_id="other"))


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 10**9


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ("2024-07-01T13:29", False),
        ("2024-07-01T13:30", True),
        ("2024-01-02T13:30", False),
        ("2024-01-02T14:30", True),
        ("2024-01-02T21:00", False),
        ("2024-01-06T15:00", False),
    ],
)
def test_hours_follow_the_instruments_own_clock(time: str, expected: bool) -> None:
    assert is_open(NEW_YORK, at(time)) is expected


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ("2024-01-07T21:59", False),
        ("2024-01-07T22:00", True),
        ("2024-01-10T03:00", True),
        ("2024-01-12T21:59", True),
        ("2024-01-12T22:00", False),
    ],
)
def test_a_session_may_run_over_the_end_of_the_week(time: str, expected: bool) -> None:
    assert is_open(FOREX, at(time)) is expected


def test_without_hours_there_is_nothing_to_be_outside_of() -> None:
    assert is_open(LINEAR, 0) is None
