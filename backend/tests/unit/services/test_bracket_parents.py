"""The parent of an exit is found by what it carries when the broker does not name it."""

from dataclasses import replace
from decimal import Decimal

from edgerunner.adapters.broker import OrderReport
from edgerunner.domain.instruments import QuantityUnit
from edgerunner.domain.orders import (
    BrokerWords,
    ChildKind,
    Order,
    OrderStatus,
    OrderTerms,
    OrderType,
    Side,
    Source,
    StopLoss,
    TakeProfit,
)
from edgerunner.services.bracket_parents import parent_of

SECOND = 10**9
ENTRY = OrderTerms(
    instrument_id="BTCUSDT-LINEAR.BYBIT",
    side=Side.BUY,
    order_type=OrderType.MARKET,
    quantity=Decimal(1),
    quantity_unit=QuantityUnit.COINS,
    take_profit=TakeProfit(price=Decimal(62)),
    stop_loss=StopLoss(trigger_price=Decimal(59)),
)
STOP = replace(
    ENTRY,
    side=Side.SELL,
    order_type=OrderType.STOP_MARKET,
    trigger_price=Decimal(59),
    take_profit=None,
    stop_loss=None,
)
TARGET = replace(STOP, order_type=OrderType.MARKET_IF_TOUCHED, trigger_price=Decimal(62))


def entry(key: str = "ENTRY", at_s: int = 100, **terms: object) -> Order:
    return Order(
        client_order_id=key,
        connection_id="c",
        account_id="a",
        strategy_id=None,
        source=Source.API,
        terms=replace(ENTRY, **terms),  # type: ignore[arg-type]
        status=OrderStatus.FILLED,
        created_at_ns=at_s * SECOND,
        updated_at_ns=at_s * SECOND,
    )


def exit_of(terms: OrderTerms, at_s: int = 101) -> OrderReport:
    return OrderReport(
        client_order_id=None,
        venue_order_id="V",
        account_id="a",
        terms=terms,
        status=OrderStatus.ACCEPTED,
        held="untriggered",
        filled_quantity=Decimal(0),
        average_price=None,
        broker=BrokerWords(),
        ts_event_ns=at_s * SECOND,
        created_at_ns=at_s * SECOND,
        child_kind=ChildKind.POSITION_ATTRIBUTE,
    )


def found(report: OrderReport, *orders: Order) -> str | None:
    parent = parent_of(report, orders)
    return None if parent is None else parent.client_order_id


def test_both_exits_belong_to_the_order_that_carries_their_prices() -> None:
    assert found(exit_of(STOP), entry()) == "ENTRY"
    assert found(exit_of(TARGET), entry()) == "ENTRY"


def test_the_newest_of_several_is_the_parent() -> None:
    assert found(exit_of(STOP), entry("NEW", 100), entry("OLD", 50)) == "NEW"


def test_an_order_made_after_the_exit_is_not_its_parent() -> None:
    assert found(exit_of(STOP), entry("LATER", 110), entry("EARLIER", 50)) == "EARLIER"


def test_orders_that_carry_other_terms_are_no_parents() -> None:
    assert found(exit_of(STOP), entry(stop_loss=StopLoss(trigger_price=Decimal(58)))) is None
    assert found(exit_of(STOP), entry(stop_loss=None)) is None
    assert found(exit_of(TARGET), entry(take_profit=None)) is None
    assert found(exit_of(STOP), entry(side=Side.SELL)) is None
    assert found(exit_of(STOP), entry(instrument_id="ETHUSDT-LINEAR.BYBIT")) is None


def test_an_exit_of_one_leg_is_not_of_the_other() -> None:
    long_stop = exit_of(replace(STOP, position_id="long"))
    assert found(long_stop, entry(position_id="short")) is None
    assert found(long_stop, entry(position_id="long")) == "ENTRY"
    assert found(long_stop, entry()) == "ENTRY"
