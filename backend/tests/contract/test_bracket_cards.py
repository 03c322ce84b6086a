"""Brackets: exits attached to an order, made by the broker, booked on the position they protect."""

from dataclasses import replace
from decimal import Decimal

import pytest

from edgerunner.adapters.broker import FillReport, OrderReport
from edgerunner.domain.orders import ChildKind, OrderStatus, OrderTerms, OrderType, Side, StopLoss, TakeProfit
from tests.contract.harness import Broker, until

PROFIT, LOSS = "1.02", "0.98"


async def bracket(broker: Broker, **stop: Decimal) -> OrderTerms:
    """A buy that fills at once and carries a target and a stop."""
    broker.needs(broker.capabilities.brackets != "none", "brackets")
    await broker.move_price("1")
    terms = await broker.entry_terms()
    return replace(
        terms,
        take_profit=TakeProfit(price=await broker.price(PROFIT)),
        stop_loss=StopLoss(trigger_price=await broker.price(LOSS), **stop),
    )


async def opened(broker: Broker, terms: OrderTerms) -> tuple[str, dict[OrderType, OrderReport]]:
    """Place the bracket; return its key and the working exits by type."""
    key = await broker.place(terms)
    await broker.until_filled(key, broker.quantity)
    await until(lambda: len(children(broker)) == 2, lambda: f"two exits; told: {children(broker)}")
    return key, {report.terms.order_type: report for report in children(broker)}


def children(broker: Broker) -> list[OrderReport]:
    """The exits the stream told of, newest report of each."""
    told = [u for u in broker.updates if isinstance(u, OrderReport) and u.child_kind is not None]
    return list({report.venue_order_id: report for report in told}.values())


def fills_of(broker: Broker, report: OrderReport) -> list[FillReport]:
    told = [u for u in broker.updates if isinstance(u, FillReport) and u.venue_order_id == report.venue_order_id]
    return list({each.fill.trade_id: each for each in told}.values())


async def test_exits_become_children_of_their_order(broker: Broker) -> None:
    terms = await bracket(broker)
    key, exits = await opened(broker, terms)
    assert terms.take_profit is not None
    assert terms.stop_loss is not None
    for report in exits.values():
        assert report.client_order_id is None
        assert report.parent_client_order_id == key
        assert report.terms.side is Side.SELL
        assert report.held == ("untriggered" if report.terms.order_type.has_trigger else None)
    stops = [report for kind, report in exits.items() if kind in {OrderType.STOP_MARKET, OrderType.STOP_LIMIT}]
    targets = [report for report in exits.values() if report not in stops]
    assert [report.terms.trigger_price for report in stops] == [terms.stop_loss.trigger_price]
    assert [report.terms.trigger_price or report.terms.price for report in targets] == [terms.take_profit.price]


async def test_position_shows_exits_that_follow_it_whole(broker: Broker) -> None:
    terms = await bracket(broker)
    _, exits = await opened(broker, terms)
    if {report.child_kind for report in exits.values()} != {ChildKind.POSITION_ATTRIBUTE}:
        assert broker.instrument.contract.is_inventory or not broker.exits_follow_position
        return
    (position,) = [p for p in await broker.adapter.get_positions() if p.instrument_id == broker.instrument_id]
    assert terms.take_profit is not None
    assert terms.stop_loss is not None
    assert (position.take_profit, position.stop_loss) == (terms.take_profit.price, terms.stop_loss.trigger_price)


@pytest.mark.parametrize("share", ["0.975", "1.025"], ids=["stop", "target"])
async def test_exit_that_fires_closes_the_position_and_opens_none(broker: Broker, share: str) -> None:
    before = await broker.held()
    _, exits = await opened(broker, await bracket(broker))
    leg = broker.opened_leg(Side.BUY)
    await broker.move_price(share)
    await until(
        lambda: sum(each.fill.quantity for report in exits.values() for each in fills_of(broker, report)),
        lambda: f"a fill of an exit; told: {children(broker)}",
    )
    (fired,) = [report for report in exits.values() if fills_of(broker, report)]
    fills = fills_of(broker, fired)
    assert {(each.fill.side, each.fill.leg) for each in fills} == {(Side.SELL, leg)}
    await until(
        lambda: all(report.status in {OrderStatus.FILLED, OrderStatus.CANCELED} for report in children(broker)),
        lambda: f"both exits to end; told: {children(broker)}",
    )
    if broker.instrument.contract.is_inventory:
        assert (await broker.held())[leg] < before[leg] + broker.quantity
    else:
        assert await broker.held() == before


async def test_limit_exits_are_orders_of_their_own(broker: Broker) -> None:
    broker.needs("limit_exits" not in broker.capabilities.unsupported, "limit_exits")
    limit = await broker.price("0.975")
    key, exits = await opened(broker, await bracket(broker, price=limit))
    assert {report.child_kind for report in exits.values()} == {ChildKind.ORDER}
    assert exits.keys() == {OrderType.STOP_LIMIT, broker.limit_target}
    assert exits[OrderType.STOP_LIMIT].terms.price == limit
    base = broker.instrument.base if broker.instrument.contract.is_inventory else None
    kept_as_fee = sum((f.fill.fee.amount for f in broker.fills(key) if f.fill.fee.currency == base), Decimal(0))
    assert {report.terms.quantity for report in exits.values()} == {broker.quantity - kept_as_fee}
