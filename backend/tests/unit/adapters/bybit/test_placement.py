"""Conditional orders and attached exits as Bybit wants them written."""

from dataclasses import replace
from decimal import Decimal

import pytest

from edgerunner.adapters.broker import PlaceOrder
from edgerunner.adapters.bybit.instruments import Listing
from edgerunner.adapters.bybit.order_style import Style
from edgerunner.adapters.bybit.placement import Body, check_trigger_side, direction_of, placement
from edgerunner.domain.errors import BrokerUnreachable, InvalidRequest, Unsupported
from edgerunner.domain.instruments import QuantityUnit
from edgerunner.domain.market import Ticker
from edgerunner.domain.orders import OrderTerms, OrderType, Side, StopLoss, TakeProfit
from tests.unit.adapters.bybit.samples import ACCOUNT, inverse, linear, spot

STOP = OrderTerms(
    instrument_id="BTCUSDT-LINEAR.BYBIT",
    side=Side.BUY,
    order_type=OrderType.STOP_MARKET,
    quantity=Decimal("0.01"),
    quantity_unit=QuantityUnit.COINS,
    trigger_price=Decimal(61_000),
)
LIMIT = replace(STOP, order_type=OrderType.LIMIT, trigger_price=None, price=Decimal(60_000))
BRACKET = replace(
    LIMIT, take_profit=TakeProfit(price=Decimal(62_000)), stop_loss=StopLoss(trigger_price=Decimal(59_000))
)


def body_of(terms: OrderTerms, listing: Listing | None = None, *, style: Style | None = None, index: int = 0) -> Body:
    command = PlaceOrder(client_order_id="KEY", account_id=ACCOUNT, terms=terms)
    return placement(command, listing or linear(), style or Style(), position_idx=index)


@pytest.mark.parametrize(
    ("side", "kind", "direction"),
    [
        (Side.BUY, OrderType.STOP_MARKET, 1),
        (Side.BUY, OrderType.STOP_LIMIT, 1),
        (Side.BUY, OrderType.MARKET_IF_TOUCHED, 2),
        (Side.SELL, OrderType.STOP_MARKET, 2),
        (Side.SELL, OrderType.LIMIT_IF_TOUCHED, 1),
    ],
)
def test_stops_follow_the_market_and_touches_stand_against_it(side: Side, kind: OrderType, direction: int) -> None:
    terms = replace(STOP, side=side, order_type=kind, price=Decimal(60_000) if kind.has_price else None)
    assert direction_of(terms) == direction
    body = body_of(terms)
    assert (body["triggerDirection"], body["triggerPrice"], body["triggerBy"]) == (direction, "61000", "LastPrice")
    assert ("timeInForce" in body) == kind.has_price


def test_price_that_triggers_is_an_option() -> None:
    style = Style(trigger_by="MarkPrice")
    assert body_of(STOP, style=style)["triggerBy"] == "MarkPrice"
    assert body_of(BRACKET, style=style)["slTriggerBy"] == "MarkPrice"


def test_spot_stop_holds_no_assets_and_takes_no_direction() -> None:
    body = body_of(STOP, spot())
    assert (body["orderFilter"], body["triggerPrice"], body["marketUnit"]) == ("StopOrder", "61000", "baseCoin")
    assert not {"triggerDirection", "triggerBy"} & body.keys()


def ticker(last: str | None, mark: str | None = None) -> Ticker:
    numbers = [None if value is None else Decimal(value) for value in (last, mark)]
    blank = dict.fromkeys(("bid", "ask", "bid_size", "ask_size", "index"))
    return Ticker(instrument_id="X", last=numbers[0], mark=numbers[1], ts_event_ns=0, ts_arrival_ns=0, **blank)


@pytest.mark.parametrize("last", ["61000", "61000.1"])
def test_trigger_the_market_has_reached_is_refused(last: str) -> None:
    with pytest.raises(InvalidRequest, match="above the market") as caught:
        check_trigger_side(STOP, ticker(last), linear(), Style())
    assert caught.value.errors[0].field == "trigger_price"
    check_trigger_side(replace(STOP, side=Side.SELL), ticker("61000.1"), linear(), Style())


def test_trigger_is_checked_against_the_price_that_triggers() -> None:
    check_trigger_side(STOP, ticker("62000", "60000"), linear(), Style(trigger_by="MarkPrice"))
    with pytest.raises(InvalidRequest):
        check_trigger_side(STOP, ticker("62000", "60000"), spot(), Style(trigger_by="MarkPrice"))


def test_without_a_price_nothing_is_sent() -> None:
    with pytest.raises(BrokerUnreachable, match="not sent"):
        check_trigger_side(STOP, ticker(None), linear(), Style())


def test_market_exits_protect_the_whole_position() -> None:
    body = body_of(BRACKET)
    assert body["tpslMode"] == "Full"
    assert (body["takeProfit"], body["tpOrderType"], body["tpTriggerBy"]) == ("62000", "Market", "LastPrice")
    assert (body["stopLoss"], body["slOrderType"]) == ("59000", "Market")
    assert not {"tpLimitPrice", "slLimitPrice"} & body.keys()


def test_limit_stop_makes_exits_of_their_own() -> None:
    stop = StopLoss(trigger_price=Decimal(59_000), price=Decimal(58_900))
    body = body_of(replace(BRACKET, stop_loss=stop))
    assert body["tpslMode"] == "Partial"
    assert (body["slOrderType"], body["slLimitPrice"]) == ("Limit", "58900")
    assert (body["tpOrderType"], body["tpLimitPrice"]) == ("Limit", "62000")


def test_exits_of_their_own_can_be_chosen() -> None:
    assert body_of(BRACKET, style=Style(exit_mode="Partial"))["tpslMode"] == "Partial"


def test_spot_exits_hang_on_limit_orders_only() -> None:
    body = body_of(BRACKET, spot())
    assert (body["takeProfit"], body["tpLimitPrice"], body["slOrderType"]) == ("62000", "62000", "Market")
    assert not {"tpslMode", "tpTriggerBy", "slTriggerBy"} & body.keys()
    with pytest.raises(Unsupported, match="limit orders only"):
        body_of(replace(BRACKET, order_type=OrderType.MARKET, price=None), spot())


def test_inverse_orders_count_contracts() -> None:
    terms = replace(LIMIT, quantity=Decimal(100), quantity_unit=QuantityUnit.CONTRACTS)
    body = body_of(terms, inverse())
    assert (body["category"], body["symbol"], body["qty"], body["positionIdx"]) == ("inverse", "BTCUSD", "100", 0)
    with pytest.raises(InvalidRequest, match="contracts"):
        body_of(LIMIT, inverse())
    with pytest.raises(Unsupported, match="legs"):
        body_of(replace(terms, position_id="long"), inverse())
