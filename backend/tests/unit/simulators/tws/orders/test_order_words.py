"""Times, hours, ids and trailing stops of orders, without a socket."""

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgerunner.simulators.tws.contracts.dated import listed_futures
from edgerunner.simulators.tws.contracts.listing import Listing
from edgerunner.simulators.tws.contracts.standing import AAPL, EUR_USD, VOD
from edgerunner.simulators.tws.orders.hours import session_of
from edgerunner.simulators.tws.orders.identity import Owner, TwsIdentifiers, attributes_of, key_of
from edgerunner.simulators.tws.orders.times import parse_time
from edgerunner.simulators.tws.wire.order_values import OrderTerms
from edgerunner.simulators.tws.wire.orders import PlaceOrder
from edgerunner.simulators.tws.wire.values import Contract

NEW_YORK = ZoneInfo("America/New_York")
SECOND = 1_000_000_000


def ns(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp()) * SECOND  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20261124 16:00:00 US/Eastern", ns(2026, 11, 24, 21)),
        ("20261124 16:00:00 EST", ns(2026, 11, 24, 21)),
        ("20261124 16:00:00 Europe/Berlin", ns(2026, 11, 24, 15)),
        ("20261124-16:00:00", ns(2026, 11, 24, 16)),
        ("20261124 16:00:00", ns(2026, 11, 24, 21)),
        ("20261124 16:00", ns(2026, 11, 24, 21)),
        ("20261124", ns(2026, 11, 25, 4, 59, 59)),
    ],
)
def test_a_time_is_read_in_its_zone(text: str, expected: int) -> None:
    assert parse_time(text, NEW_YORK) == expected


@pytest.mark.parametrize(
    "text", ["", "now", "20261324", "20261124 25:00:00", "20261124 16:00:00 Moon/Base", "2026-11-24"]
)
def test_other_texts_are_no_times(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_time(text, NEW_YORK)


FUTURE = next(iter(listed_futures(datetime(2026, 11, 23, tzinfo=UTC).date())))


@pytest.mark.parametrize(
    ("listing", "now", "opens", "closes", "extended"),
    [
        (AAPL, ns(2026, 11, 23, 15), ns(2026, 11, 23, 14, 30), ns(2026, 11, 23, 21), False),
        (AAPL, ns(2026, 11, 23, 21), ns(2026, 11, 24, 14, 30), ns(2026, 11, 24, 21), False),
        (AAPL, ns(2026, 11, 23, 21), ns(2026, 11, 23, 9), ns(2026, 11, 24, 1), True),
        (AAPL, ns(2026, 11, 28, 12), ns(2026, 11, 30, 14, 30), ns(2026, 11, 30, 21), False),
        (VOD, ns(2026, 11, 23, 7), ns(2026, 11, 23, 8), ns(2026, 11, 23, 16, 30), False),
        (EUR_USD, ns(2026, 11, 23, 15), ns(2026, 11, 22, 22, 15), ns(2026, 11, 23, 22), False),
        (EUR_USD, ns(2026, 11, 27, 23), ns(2026, 11, 29, 22, 15), ns(2026, 11, 30, 22), False),
        (FUTURE, ns(2026, 11, 23, 22, 30), ns(2026, 11, 23, 23), ns(2026, 11, 24, 22), False),
    ],
)
def test_a_session_is_the_one_that_is_on_or_the_next(
    listing: Listing,
    now: int,
    opens: int,
    closes: int,
    extended: bool,
) -> None:
    found = session_of(listing, now, is_extended=extended)
    assert (found.opens_ns, found.closes_ns) == (opens, closes)


@given(st.integers(0, 2**63 - 1), st.integers(1, 999_999))
def test_permanent_ids_fit_in_32_bits(incarnation: int, number: int) -> None:
    ids = TwsIdentifiers()
    assert 0 < int(ids.order_id(incarnation, number)) < 2**31
    assert ids.order_id(incarnation, number) != ids.order_id(incarnation, number + 1)


def test_an_execution_id_has_the_form_of_recorded_ones() -> None:
    assert TwsIdentifiers().trade_id(0xE0D5, 0x69E05EE5) == "0000e0d5.69e05ee5.01.01"


@pytest.mark.parametrize(("ref", "key"), [("", "3/7"), ("mine", "mine")])
def test_an_order_is_known_by_its_reference_or_else_by_its_client(ref: str, key: str) -> None:
    terms = OrderTerms(action="BUY", total_quantity=Decimal(1), order_type="MKT", order_ref=ref)
    request = PlaceOrder(order_id=7, contract=Contract(symbol="AAPL"), order=terms)
    owner = Owner(client_id=3, order_id=7)
    assert key_of(request, owner) == key
    assert attributes_of(request, owner)["client_id"] == "3"
