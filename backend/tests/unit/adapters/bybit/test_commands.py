"""What leaves: bodies as Bybit wants them, refusals before anything is sent."""

from dataclasses import replace
from decimal import Decimal

import pytest

from edgerunner.adapters.broker import CancelOrder, ModifyOrder, PlaceOrder
from edgerunner.adapters.bybit.commands import amendment, cancellation
from edgerunner.adapters.bybit.instruments import Listing
from edgerunner.adapters.bybit.order_style import Style
from edgerunner.adapters.bybit.placement import Body
from edgerunner.adapters.bybit.placement import placement as styled_placement
from edgerunner.domain.errors import InvalidRequest, Unsupported
from edgerunner.domain.instruments import QuantityUnit
from edgerunner.domain.orders import OrderTerms, OrderType, Side, StopLoss, TakeProfit, TimeInForce
from tests.unit.adapters.bybit.samples import ACCOUNT, linear, spot

LIMIT = OrderTerms(
    instrument_id="BTCUSDT-LINEAR.BYBIT",
    side=Side.BUY,
    order_type=OrderType.LIMIT,
    quantity=Decimal("0.00001"),
    quantity_unit=QuantityUnit.COINS,
    price=Decimal("1E+3"),
)
MARKET = replace(LIMIT, order_type=OrderType.MARKET, price=None)


def place(terms: OrderTerms) -> PlaceOrder:
    return PlaceOrder(client_order_id="KEY", account_id=ACCOUNT, terms=terms)


def placement(command: PlaceOrder, listing: Listing) -> Body:
    return styled_placement(command, listing, Style())


def test_numbers_are_plain_text() -> None:
    body = placement(place(LIMIT), linear())
    assert (body["qty"], body["price"]) == ("0.00001", "1000")


def test_linear_limit_order() -> None:
    assert placement(place(replace(LIMIT, reduce_only=True)), linear()) == {
        "category": "linear",
        "symbol": "BTCUSDT",
        "side": "Buy",
        "orderType": "Limit",
        "qty": "0.00001",
        "orderLinkId": "KEY",
        "price": "1000",
        "timeInForce": "GTC",
        "positionIdx": 0,
        "reduceOnly": True,
    }


@pytest.mark.parametrize("side", list(Side))
def test_spot_market_orders_always_count_base_coin(side: Side) -> None:
    body = placement(place(replace(MARKET, side=side)), spot())
    assert body["marketUnit"] == "baseCoin"
    assert body["isLeverage"] == 0
    assert "positionIdx" not in body
    assert "price" not in body


@pytest.mark.parametrize(
    ("terms", "word"),
    [
        (LIMIT, "GTC"),
        (replace(LIMIT, time_in_force=TimeInForce.IOC), "IOC"),
        (replace(LIMIT, time_in_force=TimeInForce.FOK), "FOK"),
        (replace(LIMIT, post_only=True), "PostOnly"),
    ],
)
def test_times_in_force(terms: OrderTerms, word: str) -> None:
    assert placement(place(terms), linear())["timeInForce"] == word


@pytest.mark.parametrize(
    ("terms", "reason"),
    [
        (replace(MARKET, order_type=OrderType.TRAILING_STOP_MARKET, trailing_offset=Decimal(1)), "trailing"),
        (replace(LIMIT, reduce_only=True, take_profit=TakeProfit(price=Decimal(1))), "reduce-only"),
        (replace(LIMIT, reduce_only=True, stop_loss=StopLoss(trigger_price=Decimal(1))), "reduce-only"),
        (replace(LIMIT, time_in_force=TimeInForce.DAY), "day"),
        (replace(LIMIT, time_in_force=TimeInForce.GTD), "gtd"),
        (replace(LIMIT, post_only=True, time_in_force=TimeInForce.IOC), "post-only"),
        (replace(MARKET, time_in_force=TimeInForce.FOK), "fill-or-kill"),
    ],
)
def test_what_cannot_be_sent_is_unsupported_with_the_reason(terms: OrderTerms, reason: str) -> None:
    with pytest.raises(Unsupported, match=reason):
        placement(place(terms), linear())


def test_reduce_only_on_spot_is_unsupported() -> None:
    with pytest.raises(Unsupported, match="spot"):
        placement(place(replace(MARKET, reduce_only=True)), spot())


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        (replace(LIMIT, price=None), "price"),
        (replace(LIMIT, order_type=OrderType.STOP_LIMIT), "trigger_price"),
        (replace(LIMIT, trigger_price=Decimal(1)), "trigger_price"),
        (replace(MARKET, price=Decimal(1)), "price"),
        (replace(LIMIT, quantity=Decimal(0)), "quantity"),
        (replace(LIMIT, quantity_unit=QuantityUnit.LOTS), "quantity"),
    ],
)
def test_contradicting_terms_are_named(terms: OrderTerms, field: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        placement(place(terms), linear())
    assert caught.value.errors[0].field == field


def modify(**changes: object) -> ModifyOrder:
    blank = ModifyOrder(
        client_order_id="KEY", venue_order_id=None, account_id=ACCOUNT, instrument_id="BTCUSDT-LINEAR.BYBIT"
    )
    return replace(blank, **changes)  # type: ignore[arg-type]


def test_amendment_carries_only_what_changes_and_one_id() -> None:
    assert amendment(modify(price=Decimal("60000.10")), linear()) == {
        "category": "linear",
        "symbol": "BTCUSDT",
        "orderLinkId": "KEY",
        "price": "60000.1",
    }
    assert amendment(modify(quantity=Decimal("0.2"), venue_order_id="V"), linear()) == {
        "category": "linear",
        "symbol": "BTCUSDT",
        "orderId": "V",
        "qty": "0.2",
    }


def test_amendment_of_nothing_is_refused() -> None:
    with pytest.raises(InvalidRequest):
        amendment(modify(), linear())


def test_amendment_of_a_trigger() -> None:
    assert amendment(modify(trigger_price=Decimal("61000.0")), linear())["triggerPrice"] == "61000"


def test_cancel_names_the_broker_id_when_it_is_known() -> None:
    command = CancelOrder(
        client_order_id="X" * 26, venue_order_id="V", account_id=ACCOUNT, instrument_id="BTCUSDT-SPOT.BYBIT"
    )
    assert cancellation(command, spot()) == {"category": "spot", "symbol": "BTCUSDT", "orderId": "V"}
