"""Scalars and pure conversions of the wire."""

from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgerunner.adapters.broker import Feed
from edgerunner.domain.errors import InvalidRequest
from edgerunner.domain.events import OrderAdopted, OrderOutcomeUnknown, OrderSubmitted
from edgerunner.domain.market import Timeframe
from edgerunner.domain.orders import OrderStatus, Unknown
from edgerunner.routes.channels import BookChannel, MarketChannel, parse_channel
from edgerunner.schemas.ledger import value_fields
from edgerunner.schemas.orders import OrderAnswer, TradeRequest
from edgerunner.schemas.scalars import format_time, parse_time
from tests.fakes.events import initialized, order_after, terms

LAST_NS = 2**63 - 1


@given(st.integers(min_value=0, max_value=LAST_NS))
def test_a_time_survives_the_wire_to_the_microsecond(ts_ns: int) -> None:
    text = format_time(ts_ns)
    assert len(text) == 27
    assert text.endswith("Z")
    assert parse_time(text) == ts_ns // 1_000 * 1_000


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-23T04:00:00Z", datetime(2026, 11, 23, 4, tzinfo=UTC)),
        ("2026-11-23t04:00:00z", datetime(2026, 11, 23, 4, tzinfo=UTC)),
        ("2026-11-23T05:30:00.5+01:30", datetime(2026, 11, 23, 4, 0, 0, 500_000, tzinfo=UTC)),
    ],
)
def test_offsets_are_understood(text: str, moment: datetime) -> None:
    assert parse_time(text) == round(moment.timestamp() * 1_000_000_000)


def test_nanoseconds_are_read_exactly() -> None:
    assert parse_time("1970-01-01T00:00:01.000000001Z") == 1_000_000_001


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23",
        "2026-11-23T04:00:00",
        "2026-11-23 04:00:00Z",
        "2026-02-30T00:00:00Z",
        "2026-11-23T04:00:60Z",
        "2026-11-23T24:00:00Z",
        "1969-12-31T23:59:59Z",
        "2262-05-01T00:00:00Z",
        "2026-11-23T04:00:00.0000000001Z",
        "\uff12026-11-23T04:00:00Z",
        "2026-11-23T04:00:00Z\n",
        "now",
        "",
    ],
)
def test_anything_else_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match=r"must|is no"):
        parse_time(text)


def test_an_order_answer_writes_decimals_plain_and_times_in_microseconds() -> None:
    order = order_after(initialized("0.00000001"))
    body = OrderAnswer.of(order).model_dump(mode="json")
    assert body["quantity"] == "0.00000001"
    assert body["created_at"] == format_time(order.created_at_ns)
    assert body["broker"] == {"status": None, "code": None, "text": None}


def test_an_unknown_outcome_says_since_when() -> None:
    order = order_after(initialized(), OrderSubmitted(), OrderOutcomeUnknown(reason="no answer"))
    expected = {"since": format_time(3), "reason": "no answer"}
    assert order.outcome_unknown == Unknown(since_ns=3, reason="no answer")
    assert OrderAnswer.of(order).model_dump(mode="json")["outcome_unknown"] == expected


def test_the_data_of_an_event_has_every_field_of_it() -> None:
    body = OrderAdopted(terms=terms(quantity="0.10"), status=OrderStatus.ACCEPTED, venue_order_id="V1")
    rendered = value_fields(body)
    assert set(rendered) == {field.name for field in fields(body)}
    inner = rendered["terms"]
    assert isinstance(inner, dict)
    assert (inner["quantity"], inner["expires_at"], inner["side"]) == ("0.1", None, "buy")


def body(**changes: object) -> TradeRequest:
    return TradeRequest.model_validate(
        {
            "connection_id": "a",
            "instrument_id": "A.B",
            "side": "buy",
            "order_type": "limit",
            "quantity": "1",
            "price": "2",
            **changes,
        }
    )


def test_a_fingerprint_is_that_of_the_meaning() -> None:
    same = {body().fingerprint(), body(price="2.000").fingerprint(), body(account_id=None).fingerprint()}
    other = {body(price="2.1").fingerprint(), body(side="sell").fingerprint(), body(client_order_id="A").fingerprint()}
    stops = {body(stop_loss={"trigger_price": price}).fingerprint() for price in ("1", "1.0", "1.5")}
    assert len(same) == 1
    assert len(other | same) == 4
    assert len(stops) == 2


def test_channel_names_are_taken_apart() -> None:
    assert parse_channel("orders") == BookChannel(base="orders", connection_id=None)
    assert parse_channel("pnl:ibkr-paper") == BookChannel(base="pnl", connection_id="ibkr-paper")
    quotes = parse_channel("quotes:mt5:EUR/USD: odd#.IBKR")
    assert isinstance(quotes, MarketChannel)
    assert quotes.subscription.instrument_id == "EUR/USD: odd#.IBKR"
    bars = parse_channel("bars:a:X.Y:4h")
    assert isinstance(bars, MarketChannel)
    assert (bars.subscription.feed, bars.subscription.timeframe) == (Feed.BARS, Timeframe.H4)


@pytest.mark.parametrize("name", ["", ":", "orders:", "orders::a", "quotes:a", "quotes::X.Y", "bars:a:X.Y", "Orders"])
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(InvalidRequest):
        parse_channel(name)


def test_a_long_average_is_written_without_exponent() -> None:
    order = order_after(initialized("3"))
    average = Decimal(100) / Decimal(3)
    text = OrderAnswer.of(order).model_copy(update={"average_price": average}).model_dump(mode="json")["average_price"]
    assert "e" not in text.lower()
