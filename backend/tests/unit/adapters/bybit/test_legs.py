"""Which leg an order, a report or an execution means."""

from dataclasses import replace
from decimal import Decimal

import pytest

from edgerunner.adapters.bybit.executions import ExecutionMapper
from edgerunner.adapters.bybit.legs import index_of, leg_of
from edgerunner.adapters.bybit.orders import OrderMapper
from edgerunner.adapters.bybit.values import Malformed, Strangers
from edgerunner.domain.errors import InvalidRequest
from edgerunner.domain.instruments import QuantityUnit
from edgerunner.domain.orders import ChildKind, OrderTerms, OrderType, Side
from tests.unit.adapters.bybit.samples import ACCOUNT, execution, inverse, linear, modes, order, spot

BUY = OrderTerms(
    instrument_id="BTCUSDT-LINEAR.BYBIT",
    side=Side.BUY,
    order_type=OrderType.MARKET,
    quantity=Decimal("0.01"),
    quantity_unit=QuantityUnit.COINS,
)


@pytest.mark.parametrize(
    ("side", "reduce_only", "position_id", "index"),
    [
        (Side.BUY, False, None, 1),
        (Side.SELL, False, None, 2),
        (Side.SELL, True, None, 1),
        (Side.BUY, True, None, 2),
        (Side.SELL, False, "long", 1),
        (Side.BUY, False, "short", 2),
    ],
)
def test_orders_in_hedge_mode(side: Side, reduce_only: bool, position_id: str | None, index: int) -> None:
    terms = replace(BUY, side=side, reduce_only=reduce_only, position_id=position_id)
    assert index_of(terms, is_hedged=True) == index


@pytest.mark.parametrize(("is_hedged", "position_id"), [(False, "long"), (True, "net"), (True, "7")])
def test_leg_that_the_mode_does_not_have_is_refused(is_hedged: bool, position_id: str) -> None:
    with pytest.raises(InvalidRequest, match="mode"):
        index_of(replace(BUY, position_id=position_id), is_hedged=is_hedged)


@pytest.mark.parametrize("position_id", [None, "net"])
def test_one_way_orders_have_index_0(position_id: str | None) -> None:
    assert index_of(replace(BUY, position_id=position_id), is_hedged=False) == 0


@pytest.mark.parametrize(
    ("index", "leg"), [(0, "net"), (1, "long"), ("2", "short"), ("", "net"), (None, "net"), (9, "net"), ("x", "net")]
)
def test_position_index(index: str | int | None, leg: str) -> None:
    assert leg_of(index) == leg


@pytest.mark.parametrize(
    ("side", "closed", "leg"),
    [("Buy", "0", "long"), ("Sell", "0.000", "short"), ("Sell", "0.1", "long"), ("Buy", "0.05", "short")],
)
def test_execution_in_hedge_mode_is_of_the_leg_it_opens_or_closes(side: str, closed: str, leg: str) -> None:
    mapper, told = ExecutionMapper(ACCOUNT), execution(side=side, closedSize=closed, orderLinkId="")
    assert mapper.report(told, linear(), is_hedged=True).fill.leg == leg
    assert mapper.report(told, linear()).fill.leg == "net"


def test_execution_in_hedge_mode_without_its_closed_size_is_never_guessed() -> None:
    with pytest.raises(Malformed, match="closedSize"):
        ExecutionMapper(ACCOUNT).report(execution(), linear(), is_hedged=True)


def test_order_in_hedge_mode_names_its_leg() -> None:
    mapper = OrderMapper(ACCOUNT, Strangers())
    assert mapper.report(order(positionIdx=2), linear()).terms.position_id == "short"
    assert mapper.report(order(), linear()).terms.position_id is None


def test_only_usdt_perpetuals_can_be_hedged() -> None:
    known = modes(is_hedged=True)
    assert known.known(linear()) is True
    assert known.known(inverse()) is False
    assert known.known(spot()) is False
    assert known.any_hedged
    known.note(linear(), 0)
    assert known.known(linear()) is False
    known.forget(linear())
    assert known.known(linear()) is None


@pytest.mark.parametrize(
    ("word", "parent", "kind"),
    [
        ("TakeProfit", "", ChildKind.POSITION_ATTRIBUTE),
        ("StopLoss", "KEY", ChildKind.POSITION_ATTRIBUTE),
        ("PartialTakeProfit", "KEY", ChildKind.ORDER),
        ("PartialStopLoss", "", ChildKind.ORDER),
        ("tpslOrder", "KEY", ChildKind.ORDER),
        ("tpslOrder", "", None),
        ("Stop", "", None),
        ("UNKNOWN", "", None),
    ],
)
def test_exits_are_told_from_other_orders(word: str, parent: str, kind: ChildKind | None) -> None:
    told = order(stopOrderType=word, parentOrderLinkId=parent, triggerPrice="59000", orderLinkId="")
    report = OrderMapper(ACCOUNT, Strangers()).report(told, linear())
    assert report.child_kind is kind
    assert report.parent_client_order_id == (parent or None)


@pytest.mark.parametrize(
    ("side", "trigger", "expected"),
    [
        ("Sell", "59000", OrderType.STOP_LIMIT),
        ("Sell", "61000", OrderType.LIMIT_IF_TOUCHED),
        ("Buy", "61000", OrderType.STOP_LIMIT),
    ],
)
def test_spot_conditional_is_told_by_the_price_at_placing(side: str, trigger: str, expected: OrderType) -> None:
    told = order(side=side, triggerPrice=trigger, triggerDirection=0, basePrice="60000", stopOrderType="Stop")
    assert OrderMapper(ACCOUNT, Strangers()).report(told, spot()).terms.order_type is expected


def test_inverse_contract() -> None:
    instrument = inverse().instrument
    assert instrument.instrument_id == "BTCUSD-INVERSE.BYBIT"
    assert instrument.contract.is_inverse
    assert instrument.quantity_unit is QuantityUnit.CONTRACTS
    assert (instrument.settle, instrument.lot_step, instrument.min_notional) == ("BTC", Decimal(1), None)
