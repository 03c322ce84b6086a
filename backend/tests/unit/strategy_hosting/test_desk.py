"""A strategy's wishes on the real order path: each once, only its own orders, refusals told."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from edgerunner.domain.orders import OrderStatus, Source
from edgerunner.services.strategies.desk import WAITING, Desk, Trader
from edgerunner.strategy_worker.messages import Cancel, Market, Modify, OrderState, Submit
from tests.fakes.broker import FakeBroker
from tests.fakes.instruments import LINEAR, LINEAR_ID
from tests.fakes.order_path import CONNECTION_ID, OrderPath, order_path
from tests.waiting import until

TRADER = Trader(
    strategy_id="mine",
    connection_id=CONNECTION_ID,
    account_id=None,
    markets={LINEAR_ID: Market(key=LINEAR_ID, connection_id=CONNECTION_ID, instrument=LINEAR)},
)


class Heard:
    """What the desk says."""

    def __init__(self) -> None:
        self.refusals: list[OrderState] = []
        self.lines: list[str] = []


@pytest.fixture
async def path(tmp_path: Path) -> AsyncIterator[OrderPath]:
    async with order_path(tmp_path, FakeBroker()) as running:
        yield running


def desk_of(path: OrderPath, heard: Heard) -> Desk:
    desk = Desk(
        TRADER,
        orders=path.orders,
        journal=path.journal,
        clock=path.clock,
        on_refusal=heard.refusals.append,
        log=heard.lines.append,
    )
    desk.start()
    return desk


def wish(order_id: str = "S1", *, size: str = "1", key: str = LINEAR_ID, side: str = "buy") -> Submit:
    return Submit(
        order_id=order_id,
        key=key,
        side=side,
        order_type="limit",
        quantity=Decimal(size),
        price=Decimal(100),
    )


async def test_a_wish_becomes_an_order_of_the_strategy(path: OrderPath) -> None:
    desk = desk_of(path, Heard())
    desk.put(wish())
    await desk.finish()
    order = await path.until_status("S1", OrderStatus.ACCEPTED)
    assert (order.strategy_id, order.source, path.broker.placements["S1"]) == ("mine", Source.STRATEGY, 1)


async def test_the_same_wish_again_is_the_same_order(path: OrderPath) -> None:
    heard = Heard()
    desk = desk_of(path, heard)
    desk.put(wish())
    desk.put(wish())
    await desk.finish()
    assert path.broker.placements["S1"] == 1
    assert [refusal.order_id for refusal in heard.refusals] == ["S1"]
    assert heard.refusals[0].status != "denied"
    assert heard.lines == ["order S1 exists already: not sent again"]


async def test_orders_of_others_can_be_neither_canceled_nor_changed(path: OrderPath) -> None:
    foreign = (await path.place(client_order_id="theirs")).order
    heard = Heard()
    desk = desk_of(path, heard)
    desk.put(Cancel(order_id="theirs"))
    desk.put(Modify(order_id="theirs", quantity=Decimal(2), price=None, trigger_price=None))
    desk.put(wish("theirs"))
    await desk.finish()
    assert (await path.order("theirs")).terms == foreign.terms
    assert (await path.order("theirs")).is_open
    assert [line.partition(":")[0] for line in heard.lines] == ["not canceled", "not changed", "refused"]


async def test_what_cannot_be_sent_is_told_with_its_reason(path: OrderPath) -> None:
    heard = Heard()
    desk = desk_of(path, heard)
    for bad in (wish("A", size="0.00001"), wish("B", key="DOGE.X"), wish("C", side="sideways")):
        desk.put(bad)
    await desk.finish()
    assert [(refusal.order_id, refusal.status) for refusal in heard.refusals] == [
        *(("A", "denied"), ("B", "denied"), ("C", "denied")),
    ]
    assert "multiple of 0.001" in heard.refusals[0].reason
    assert path.broker.placements == {}


async def test_its_own_order_is_changed_and_canceled(path: OrderPath) -> None:
    desk = desk_of(path, Heard())
    desk.put(wish())
    desk.put(Modify(order_id="S1", quantity=None, price=Decimal(99), trigger_price=None))

    async def is_changed() -> bool:
        known = await path.journal.order("S1")
        return known is not None and known.terms.price == 99

    await path.until_status("S1", OrderStatus.ACCEPTED)
    desk.put(Modify(order_id="S1", quantity=None, price=Decimal(99), trigger_price=None))
    await until(is_changed, timeout_s=5, what="the price is changed")
    desk.put(Cancel(order_id="S1"))
    await desk.finish()
    await path.until_status("S1", OrderStatus.CANCELED)


async def test_stopping_finishes_the_wish_under_way_and_drops_the_others(path: OrderPath) -> None:
    gate = path.broker.hold("check_order")
    desk = desk_of(path, Heard())
    desk.put(wish("A"))
    desk.put(wish("B"))
    await gate.reached()
    desk.drop_all()
    gate.release()
    await desk.stop()
    assert (await path.journal.order("A")) is not None
    assert (await path.journal.order("B")) is None


async def test_a_long_queue_refuses_the_next_wish(path: OrderPath) -> None:
    gate = path.broker.hold("check_order")
    heard = Heard()
    desk = desk_of(path, heard)
    desk.put(wish("first"))
    await gate.reached()
    for number in range(WAITING + 1):
        desk.put(wish(f"O{number}"))
    assert [refusal.order_id for refusal in heard.refusals] == [f"O{WAITING}"]
    gate.release()
    await desk.stop()
