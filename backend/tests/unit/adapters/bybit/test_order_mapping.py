"""Order objects become reports: words, terms, and what may be concluded."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgerunner.adapters.broker import OrderReport
from edgerunner.adapters.bybit.instruments import Listing
from edgerunner.adapters.bybit.orders import OrderMapper
from edgerunner.adapters.bybit.values import Malformed, Strangers
from edgerunner.domain.orders import OrderStatus, OrderType, Side, TimeInForce
from tests.unit.adapters.bybit.samples import ACCOUNT, linear, order, spot


def report(listing: Listing | None = None, /, **changes: object) -> OrderReport:
    return OrderMapper(ACCOUNT, Strangers()).report(order(**changes), listing or linear())


@pytest.mark.parametrize(
    ("word", "status", "held"),
    [
        ("New", OrderStatus.ACCEPTED, None),
        ("Created", OrderStatus.ACCEPTED, None),
        ("PendingCancel", OrderStatus.ACCEPTED, None),
        ("Untriggered", OrderStatus.ACCEPTED, "untriggered"),
        ("Triggered", OrderStatus.TRIGGERED, None),
        ("PartiallyFilled", OrderStatus.PARTIALLY_FILLED, None),
        ("Filled", OrderStatus.FILLED, None),
        ("Cancelled", OrderStatus.CANCELED, None),
        ("PartiallyFilledCanceled", OrderStatus.CANCELED, None),
        ("Deactivated", OrderStatus.CANCELED, None),
        ("Rejected", OrderStatus.REJECTED, None),
    ],
)
def test_status_words(word: str, status: OrderStatus, held: str | None) -> None:
    mapped = report(orderStatus=word)
    assert (mapped.status, mapped.held, mapped.broker.status) == (status, held, word)


def test_unknown_status_never_ends_an_order() -> None:
    strangers = Strangers()
    mapped = OrderMapper(ACCOUNT, strangers).report(order(orderStatus="Frozen"), linear())
    assert mapped.status is OrderStatus.ACCEPTED
    assert mapped.held == "unknown status Frozen"
    assert strangers.counts["orderStatus", "Frozen"] == 1


def test_rejection_with_fills_keeps_the_filled_part() -> None:
    mapped = report(orderStatus="Rejected", cumExecQty="0.05", avgPrice="60000")
    assert mapped.status is OrderStatus.CANCELED
    assert mapped.filled_quantity == Decimal("0.05")


def test_resting_limit_order() -> None:
    mapped = report()
    assert mapped.venue_order_id == "fd4300ae-7847-404e-b947-b46980a4d140"
    assert mapped.client_order_id == "01KAVAE4Y0000000000000000"
    assert mapped.terms.instrument_id == "BTCUSDT-LINEAR.BYBIT"
    assert (mapped.terms.side, mapped.terms.order_type) == (Side.BUY, OrderType.LIMIT)
    assert (mapped.terms.quantity, mapped.terms.price) == (Decimal("0.100"), Decimal("60000.50"))
    assert mapped.terms.trigger_price is None
    assert mapped.average_price is None
    assert mapped.created_at_ns == 1684738540559000000
    assert mapped.ts_event_ns == 1684738540561000000
    assert mapped.broker.code is None


def test_market_order_has_no_price_although_bybit_shows_its_band() -> None:
    mapped = report(orderType="Market", timeInForce="IOC", price="63000.00")
    assert mapped.terms.order_type is OrderType.MARKET
    assert mapped.terms.price is None


def test_post_only_is_a_flag() -> None:
    terms = report(timeInForce="PostOnly").terms
    assert (terms.time_in_force, terms.post_only) == (TimeInForce.GTC, True)


def test_crossing_post_only_is_canceled_with_its_reason() -> None:
    mapped = report(orderStatus="Cancelled", timeInForce="PostOnly", rejectReason="EC_PostOnlyWillTakeLiquidity")
    assert mapped.status is OrderStatus.CANCELED
    assert mapped.broker.code == "EC_PostOnlyWillTakeLiquidity"


def test_cancel_keeps_who_canceled() -> None:
    assert report(orderStatus="Cancelled", cancelType="CancelByReduceOnly").broker.code == "CancelByReduceOnly"


@pytest.mark.parametrize(
    ("side", "direction", "kind", "expected"),
    [
        ("Buy", 1, "Market", OrderType.STOP_MARKET),
        ("Buy", 2, "Market", OrderType.MARKET_IF_TOUCHED),
        ("Sell", 2, "Limit", OrderType.STOP_LIMIT),
        ("Sell", 1, "Limit", OrderType.LIMIT_IF_TOUCHED),
    ],
)
def test_conditional_orders_of_others_by_direction(side: str, direction: int, kind: str, expected: OrderType) -> None:
    terms = report(side=side, triggerDirection=direction, orderType=kind, triggerPrice="61000").terms
    assert terms.order_type is expected
    assert terms.trigger_price == 61000


def test_average_price_follows_from_the_value_when_unset() -> None:
    mapped = report(orderStatus="PartiallyFilled", cumExecQty="0.03", cumExecValue="1800", avgPrice="")
    assert mapped.average_price == 60000


@pytest.mark.parametrize("link", ["", "a link with spaces", "x" * 36])
def test_keys_that_cannot_be_ours_are_none(link: str) -> None:
    assert report(orderLinkId=link).client_order_id is None


def test_our_spot_market_buy_counts_base_coin() -> None:
    mapped = report(spot(), orderType="Market", marketUnit="baseCoin", qty="0.002")
    assert mapped.terms.quantity == Decimal("0.002")


@pytest.mark.parametrize("unit", ["quoteCoin", ""])
def test_amount_of_quote_coin_ends_as_what_it_bought(unit: str) -> None:
    mapped = report(
        spot(),
        orderType="Market",
        marketUnit=unit,
        qty="100",
        cumExecQty="0.00166",
        cumExecValue="99.9",
        orderStatus="PartiallyFilledCanceled",
    )
    assert mapped.status is OrderStatus.FILLED
    assert mapped.terms.quantity == mapped.filled_quantity == Decimal("0.00166")


def test_unfilled_amount_of_quote_coin_is_estimated_in_whole_steps() -> None:
    mapped = report(spot(), orderType="Market", marketUnit="quoteCoin", qty="100", basePrice="60000")
    assert mapped.terms.quantity == Decimal("0.001666")


def test_attached_take_profit_and_stop_are_shown() -> None:
    terms = report(takeProfit="65000", stopLoss="55000", slLimitPrice="54900").terms
    assert terms.take_profit is not None
    assert terms.take_profit.price == 65000
    assert terms.stop_loss is not None
    assert (terms.stop_loss.trigger_price, terms.stop_loss.price) == (Decimal(55000), Decimal(54900))


@pytest.mark.parametrize("field", ["orderId", "qty", "side", "orderStatus"])
def test_missing_indispensable_field_is_named(field: str) -> None:
    with pytest.raises(Malformed, match=field):
        report(**{field: ""})


@given(st.sampled_from(["orderStatus", "timeInForce", "orderType", "cancelType", "side", "stopOrderType"]), st.text())
def test_any_word_in_any_field_gives_a_report_or_names_the_field(field: str, word: str) -> None:
    problem = ""
    try:
        report(**{field: word})
    except Malformed as error:
        problem = str(error)
    assert not problem or field in problem
