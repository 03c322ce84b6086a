"""What the simulated TWS lists and how it is found."""

from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgerunner.simulators.tws.contracts import dated, schedule, standing
from edgerunner.simulators.tws.contracts.directory import Directory, NoContract
from edgerunner.simulators.tws.wire.values import Contract

MONDAY = datetime(2026, 11, 23, 15, 30, tzinfo=UTC)


def directory(now: datetime = MONDAY) -> Directory:
    return Directory(lambda: now)


def described(**words: Any) -> Contract:
    return Contract(**words)


@pytest.mark.parametrize(
    ("words", "con_id"),
    [
        ({"symbol": "AAPL", "sec_type": "STK", "exchange": "SMART", "currency": "USD"}, 265598),
        ({"symbol": "aapl", "sec_type": "STK"}, 265598),
        ({"con_id": 265598}, 265598),
        ({"symbol": "SPY", "sec_type": "STK", "primary_exchange": "ARCA"}, 756733),
        ({"symbol": "VOD", "sec_type": "STK", "exchange": "LSE", "currency": "GBP"}, standing.VOD.con_id),
        ({"symbol": "EUR", "sec_type": "CASH", "exchange": "IDEALPRO", "currency": "USD"}, 12087792),
        ({"local_symbol": "ESZ6", "sec_type": "FUT", "exchange": "CME"}, 600202612),
        ({"symbol": "ES", "sec_type": "FUT", "expiry": "202612"}, 600202612),
        ({"symbol": "ES", "sec_type": "FUT", "expiry": "20261218", "multiplier": "50"}, 600202612),
    ],
)
def test_a_description_finds_its_contract(words: dict[str, Any], con_id: int) -> None:
    assert directory().resolve(described(**words)).con_id == con_id


@pytest.mark.parametrize(
    "words",
    [
        {"symbol": "XYZ", "sec_type": "STK"},
        {"symbol": "AAPL", "sec_type": "STK", "currency": "EUR"},
        {"symbol": "AAPL", "sec_type": "STK", "exchange": "LSE"},
        {"symbol": "AAPL", "sec_type": "STK", "primary_exchange": "NYSE"},
        {"symbol": "AAPL"},
        {"sec_type": "STK"},
        {"con_id": 1},
        {"con_id": 265598, "exchange": "IDEALPRO"},
        {"symbol": "ES", "sec_type": "FUT", "expiry": "202611"},
        {"symbol": "ES", "sec_type": "FUT", "expiry": "2026"},
        {"symbol": "SPY", "sec_type": "OPT", "expiry": "20261218", "strike": Decimal(601), "right": "C"},
    ],
)
def test_a_description_of_nothing_is_refused(words: dict[str, Any]) -> None:
    with pytest.raises(NoContract, match="No security definition has been found for the request"):
        directory().resolve(described(**words))


@pytest.mark.parametrize(
    "words",
    [
        {"symbol": "ES", "sec_type": "FUT"},
        {"symbol": "SPY", "sec_type": "OPT", "expiry": "20261218", "strike": Decimal(600)},
    ],
)
def test_a_description_of_several_contracts_is_ambiguous(words: dict[str, Any]) -> None:
    with pytest.raises(NoContract, match="is ambiguous"):
        directory().resolve(described(**words))


@pytest.mark.parametrize("right", ["C", "CALL", "c"])
def test_an_option_is_found_by_expiry_strike_and_right(right: str) -> None:
    words = {"symbol": "SPY", "sec_type": "OPT", "expiry": "20261218", "strike": Decimal("600.0"), "right": right}
    assert directory().resolve(described(**words)).local_symbol == "SPY   261218C00600000"


def test_a_security_id_narrows_the_search() -> None:
    asked = described(symbol="AAPL", sec_type="STK")
    assert len(directory().find(asked, security_id=("ISIN", "US0378331005"))) == 1
    assert directory().find(asked, security_id=("ISIN", "US5949181045")) == []


def test_an_expired_future_is_found_only_when_it_is_asked_for() -> None:
    asked = described(symbol="ES", sec_type="FUT", expiry="202609")
    assert directory().find(asked) == []
    assert [each.local_symbol for each in directory().find(asked, includes_expired=True)] == ["ESU6"]


def test_a_future_trades_until_its_last_day_and_not_after() -> None:
    asked = described(local_symbol="ESZ6", sec_type="FUT")
    assert directory(datetime(2026, 12, 18, 20, tzinfo=UTC)).find(asked) != []
    assert directory(datetime(2026, 12, 19, 20, tzinfo=UTC)).find(asked) == []


@given(st.dates(date(2001, 1, 1), date(2039, 12, 31)))
def test_on_any_day_all_listed_contracts_have_ids_of_their_own_in_range(day: date) -> None:
    now = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    words = ({"sec_type": "FUT", "symbol": symbol} for symbol in ("ES", "MES"))
    found = [each for word in words for each in directory(now).find(described(**word), includes_expired=True)]
    found += directory(now).find(described(symbol="SPY", sec_type="OPT"))
    ids = Counter(each.con_id for each in (*found, *standing.STANDING))
    assert max(ids.values()) == 1
    assert max(ids) < 2**31 - 1
    assert len(found) == 2 * (5 + 2) + 6 * len(dated.STRIKES) * 2
    assert all(each.last_trade is not None and each.last_trade.weekday() == 4 for each in found)


def test_search_takes_symbols_and_names_and_tells_derivatives() -> None:
    found = directory().search("sp")
    assert [(each.symbol, derivatives) for each, derivatives in found] == [("SPY", ("OPT",))]
    assert [each.symbol for each, _ in directory().search("apple")] == ["AAPL"]
    assert [each.local_symbol for each, _ in directory().search("USD")] == ["USD.JPY"]
    assert directory().search("  ") == directory().search("zzz") == []


def test_price_steps_grow_with_the_price() -> None:
    rule = directory().rule(standing.VOD.rule.rule_id)
    assert rule is not None
    edges = [step.low_edge for step in rule.increments]
    assert edges == sorted(edges)
    assert edges[0] == 0
    assert min(step.increment for step in rule.increments) == standing.VOD.min_tick
    assert directory().rule(4711) is None


def test_hours_are_told_in_the_zone_of_the_exchange() -> None:
    assert schedule.US_STOCKS.liquid_hours(MONDAY).split(";")[:2] == [
        "20261123:0930-20261123:1600",
        "20261124:0930-20261124:1600",
    ]
    assert schedule.US_STOCKS.trading_hours(MONDAY).split(";")[-1] == "20261128:CLOSED"
    assert schedule.LONDON_STOCKS.liquid_hours(MONDAY).startswith("20261123:0800-20261123:1630")
    assert schedule.CHICAGO_FUTURES.trading_hours(MONDAY).startswith("20261122:1700-20261123:1600")
    assert schedule.CURRENCIES.trading_hours(MONDAY).startswith("20261122:1715-20261123:1700")


def test_today_is_the_date_on_the_wall_of_the_exchange() -> None:
    late = datetime(2026, 11, 24, 3, tzinfo=UTC)
    assert schedule.US_STOCKS.today(late) == date(2026, 11, 23)
    assert schedule.LONDON_STOCKS.today(late) == date(2026, 11, 24)


def test_the_third_friday_is_found() -> None:
    assert dated.third_friday(2026, 12) == date(2026, 12, 18)
    assert dated.third_friday(2027, 1) == date(2027, 1, 15)
