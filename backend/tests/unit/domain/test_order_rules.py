"""The rules of an order's numbers, and that backtest, paper broker and order service go by the same ones."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from edgerunner.adapters.local.checks import check_rules
from edgerunner.domain.errors import BrokerRejected, InvalidRequest
from edgerunner.domain.instruments import Instrument, PriceBand, Product, QuantityUnit
from edgerunner.domain.numbers import is_multiple
from edgerunner.domain.order_rules import (
    changed_quantity_error,
    default_time_in_force,
    most_quantity,
    post_only_error,
    price_error,
    price_field_errors,
    quantity_error,
    worth_error,
)
from edgerunner.domain.orders import OrderTerms, OrderType, Side, TimeInForce
from edgerunner.services.order_checks import PlaceRequest, checked_terms
from tests.fakes.instruments import CAPABILITIES
from tests.unit.backtest.runs import flat, instrument, play

BOUND = instrument(
    lot_step=Decimal("0.002"), min_quantity=Decimal("0.01"), max_quantity=Decimal(50), max_market_quantity=Decimal(20)
)


def code(error: object) -> str | None:
    return getattr(error, "code", None)


@pytest.mark.parametrize(
    ("quantity", "resting", "market"),
    [
        ("0.01", None, None),
        ("0.012", None, None),
        ("0.011", "off_step", "off_step"),
        ("0.008", "below_minimum", "below_minimum"),
        ("20", None, None),
        ("20.002", None, "above_maximum"),
        ("50", None, "above_maximum"),
        ("50.002", "above_maximum", "above_maximum"),
        ("0", "not_positive", "not_positive"),
        ("-1", "not_positive", "not_positive"),
        ("NaN", "not_positive", "not_positive"),
        ("Infinity", "not_positive", "not_positive"),
    ],
)
def test_a_quantity_keeps_to_the_bounds_and_the_step(quantity: str, resting: str | None, market: str | None) -> None:
    assert code(quantity_error(Decimal(quantity), BOUND, is_market=False)) == resting
    assert code(quantity_error(Decimal(quantity), BOUND, is_market=True)) == market


def test_market_orders_share_the_bound_of_others_unless_they_have_their_own() -> None:
    assert most_quantity(BOUND, is_market=True) == 20
    assert most_quantity(instrument(max_quantity=Decimal(50)), is_market=True) == 50
    assert most_quantity(instrument(max_market_quantity=Decimal(5)), is_market=False) is None


def test_the_new_total_of_an_order_lies_above_what_is_filled() -> None:
    assert code(changed_quantity_error(Decimal(1), Decimal(1), BOUND)) == "not_above_filled"
    assert changed_quantity_error(Decimal("1.002"), Decimal(1), BOUND) is None
    assert code(changed_quantity_error(Decimal("1.001"), Decimal(1), BOUND)) == "off_step"
    assert changed_quantity_error(Decimal(30), Decimal(1), BOUND) is None


def test_a_price_is_a_multiple_of_the_tick_that_holds_there() -> None:
    banded = instrument(
        tick_size=Decimal("0.01"), price_bands=(PriceBand(from_price=Decimal(10), tick_size=Decimal("0.5")),)
    )
    assert price_error("price", Decimal("9.99"), banded) is None
    assert code(price_error("price", Decimal("10.01"), banded)) == "off_tick"
    assert price_error("price", Decimal("10.5"), banded) is None
    assert code(price_error("price", Decimal(0), banded)) == "not_positive"
    assert code(price_error("price", Decimal(-10), banded)) == "not_positive"


def test_the_least_worth_is_counted_in_the_quote_currency() -> None:
    linear = instrument(min_notional=Decimal(50), multiplier=Decimal(10))
    assert worth_error(Decimal(5), Decimal(1), linear) is None
    assert code(worth_error(Decimal("4.9"), Decimal(1), linear)) == "below_minimum_notional"
    assert worth_error(Decimal("0.1"), Decimal("0.001"), instrument()) is None
    inverse = instrument(
        settle="BTC", quote="USD", quantity_unit=QuantityUnit.CONTRACTS, min_notional=Decimal(50), lot_step=Decimal(1)
    )
    assert inverse.contract.is_inverse
    assert worth_error(Decimal(60_000), Decimal(50), inverse) is None
    assert code(worth_error(Decimal(60_000), Decimal(49), inverse)) == "below_minimum_notional"


GIVEN = {"price": Decimal(1), "trigger_price": Decimal(1), "trailing_offset": Decimal(1)}


@pytest.mark.parametrize(
    ("kind", "needed", "known"),
    [
        (OrderType.MARKET, set(), set()),
        (OrderType.LIMIT, {"price"}, {"price"}),
        (OrderType.STOP_MARKET, {"trigger_price"}, {"trigger_price"}),
        (OrderType.STOP_LIMIT, {"price", "trigger_price"}, {"price", "trigger_price"}),
        (OrderType.MARKET_IF_TOUCHED, {"trigger_price"}, {"trigger_price"}),
        (OrderType.LIMIT_IF_TOUCHED, {"price", "trigger_price"}, {"price", "trigger_price"}),
        (OrderType.TRAILING_STOP_MARKET, {"trailing_offset"}, {"trailing_offset", "trigger_price"}),
    ],
)
def test_each_type_needs_its_prices_and_no_others(kind: OrderType, needed: set[str], known: set[str]) -> None:
    without = list(price_field_errors(kind, **dict.fromkeys(GIVEN)))
    assert {error.field for error in without} == needed
    assert {error.code for error in without} <= {"required"}
    with_all = list(price_field_errors(kind, **GIVEN))
    assert {error.field for error in with_all} == set(GIVEN) - known
    assert {error.code for error in with_all} <= {"not_allowed"}


def test_a_market_order_works_at_once_or_not_at_all_and_others_until_canceled() -> None:
    assert default_time_in_force(OrderType.MARKET) is TimeInForce.IOC
    assert {default_time_in_force(kind) for kind in set(OrderType) - {OrderType.MARKET}} == {TimeInForce.GTC}


def test_only_a_limit_order_that_can_rest_is_post_only() -> None:
    resting = (None, TimeInForce.GTC, TimeInForce.DAY, TimeInForce.GTD)
    assert [post_only_error(OrderType.LIMIT, wish) for wish in resting] == [None] * 4
    for wish in (TimeInForce.IOC, TimeInForce.FOK):
        assert code(post_only_error(OrderType.LIMIT, wish)) == "not_allowed"
    for kind in set(OrderType) - {OrderType.LIMIT}:
        assert code(post_only_error(kind, None)) == "not_allowed"


def test_steps_of_any_size_are_counted_exactly() -> None:
    assert is_multiple(Decimal("99999999999999999999.0000000001"), Decimal("1e-10"))
    assert not is_multiple(Decimal("99999999999999999999.0000000001"), Decimal("2e-10"))


def by_the_order_service(kind: OrderType, quantity: str, price: str | None, traded: Instrument) -> str | None:
    wish = PlaceRequest(
        connection_id="c",
        instrument_id=traded.instrument_id,
        side=Side.BUY,
        order_type=kind,
        quantity=Decimal(quantity),
        price=None if price is None else Decimal(price),
    )
    try:
        checked_terms(wish, traded, CAPABILITIES, now_ns=0)
    except InvalidRequest as error:
        return error.errors[0].code
    return None


def by_the_paper_broker(kind: OrderType, quantity: str, price: str | None, traded: Instrument) -> str | None:
    terms = OrderTerms(
        instrument_id=traded.instrument_id,
        side=Side.BUY,
        order_type=kind,
        quantity=Decimal(quantity),
        quantity_unit=traded.quantity_unit,
        price=None if price is None else Decimal(price),
    )
    try:
        check_rules(terms, traded, Decimal(100), now_ns=0)
    except BrokerRejected as error:
        return error.broker_code
    return None


def by_a_backtest(kind: OrderType, quantity: str, price: str | None, traded: Instrument) -> str | None:
    words: dict[str, Any] = {} if price is None else {"limit": float(price)}
    result, _ = play(flat(100, 2), {0: lambda script: script.buy(float(quantity), **words)}, traded)
    reason = result.orders[0].reason
    return None if reason is None else reason.partition(":")[0]


@pytest.mark.parametrize("judge", [by_the_order_service, by_the_paper_broker, by_a_backtest])
@pytest.mark.parametrize(
    ("kind", "quantity", "price", "expected"),
    [
        (OrderType.MARKET, "1", None, None),
        (OrderType.MARKET, "21", None, "above_maximum"),
        (OrderType.LIMIT, "21", "90", None),
        (OrderType.LIMIT, "51", "90", "above_maximum"),
        (OrderType.LIMIT, "1.001", "90", "off_step"),
        (OrderType.MARKET, "0.009", None, "off_step"),
        (OrderType.MARKET, "0.008", None, "below_minimum"),
        (OrderType.MARKET, "-1", None, "not_positive"),
        (OrderType.LIMIT, "1", "-90", "not_positive"),
        (OrderType.LIMIT, "0.01", "90", "below_minimum_notional"),
    ],
)
def test_the_same_order_is_refused_for_the_same_reason_wherever_it_is_placed(
    judge: Callable[[OrderType, str, str | None, Instrument], str | None],
    kind: OrderType,
    quantity: str,
    price: str | None,
    expected: str | None,
) -> None:
    traded = instrument(
        product=Product.PERPETUAL,
        lot_step=BOUND.lot_step,
        min_quantity=BOUND.min_quantity,
        max_quantity=BOUND.max_quantity,
        max_market_quantity=BOUND.max_market_quantity,
        min_notional=Decimal(5),
    )
    assert judge(kind, quantity, price, traded) == expected
