"""Cancels and changes, alone and in bulk, with every kind of bad answer."""

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from edgerunner.domain.errors import OrderClosed
from edgerunner.domain.orders import OrderStatus, Side
from edgerunner.services.order_checks import Changes
from tests.fakes.broker import FakeBroker, Lost, Reject
from tests.fakes.order_path import OrderPath, order_path
from tests.waiting import until


@pytest.fixture
def broker() -> FakeBroker:
    return FakeBroker()


async def test_cancel_ends_the_order(tmp_path: Path, broker: FakeBroker) -> None:
    async with order_path(tmp_path, broker) as path:
        await path.place(client_order_id="A")
        order = await path.orders.cancel("A", actor="test")
        assert order.status is OrderStatus.CANCELED
        with pytest.raises(OrderClosed):
            await path.orders.cancel("A", actor="test")


async def test_cancel_that_loses_against_a_fill_shows_the_fill(tmp_path: Path, broker: FakeBroker) -> None:
    async with order_path(tmp_path, broker) as path:
        await path.place(client_order_id="A")
        gate = broker.hold("cancel")
        task = asyncio.create_task(path.orders.cancel("A", actor="test"))
        await gate.reached()
        broker.fill("A", "1", "100")
        gate.release()
        assert (await task).status is OrderStatus.FILLED


async def test_refused_cancel_of_an_order_that_works_leaves_it_working(tmp_path: Path, broker: FakeBroker) -> None:
    async with order_path(tmp_path, broker) as path:
        await path.place(client_order_id="A")
        broker.script("cancel", Reject(code="170212", text="cancel in process"))
        order = await path.orders.cancel("A", actor="test")
        assert order.status is OrderStatus.ACCEPTED
        assert order.broker.code == "170212"


async def test_lost_cancel_is_sent_again_until_the_records_show_it(tmp_path: Path, broker: FakeBroker) -> None:
    async with order_path(tmp_path, broker) as path:
        await path.place(client_order_id="A")
        broker.script("cancel", Lost(arrives=False))
        order = await path.orders.cancel("A", actor="test")
        assert order.status is OrderStatus.PENDING_CANCEL
        assert order.outcome_unknown is not None
        await path.step(1)
        await path.until_status("A", OrderStatus.CANCELED)


async def test_cancel_that_waits_for_its_turn_is_neither_doubled_nor_looked_up(
    tmp_path: Path, broker: FakeBroker
) -> None:
    """Behind hundreds of others a cancel leaves long after an unanswered one would be asked for."""
    async with order_path(tmp_path, broker) as path:
        await path.place(client_order_id="A")
        sent, asked = len(broker.commands), broker.queries["find_order"]
        turn = broker.hold("cancel")
        waiting = await path.orders.cancel("A", actor="test", wait_ms=0)
        await turn.reached()
        for _ in range(3):
            await path.step(30)
        assert waiting.status is OrderStatus.PENDING_CANCEL
        assert (len(broker.commands) - sent, broker.queries["find_order"] - asked) == (1, 0)
        turn.release()
        await path.until_status("A", OrderStatus.CANCELED)


async def test_change_is_confirmed_by_the_record_and_not_by_the_acknowledgement(
    tmp_path: Path, broker: FakeBroker
) -> None:
    async with order_path(tmp_path, broker) as path:
        await path.place(client_order_id="A")
        order = await path.orders.modify("A", Changes(price=Decimal(99)), actor="test")
        assert (order.status, order.terms.price) == (OrderStatus.ACCEPTED, Decimal(99))


async def test_refused_change_leaves_the_order_as_it_was(tmp_path: Path, broker: FakeBroker) -> None:
    async with order_path(tmp_path, broker) as path:
        await path.place(client_order_id="A")
        broker.script("modify", Reject(code="110003", text="price out of range"))
        order = await path.orders.modify("A", Changes(price=Decimal(99)), actor="test")
        assert (order.status, order.terms.price) == (OrderStatus.ACCEPTED, Decimal(100))
        assert order.broker.code == "110003"


async def test_lost_change_is_settled_by_the_record(tmp_path: Path, broker: FakeBroker) -> None:
    async with order_path(tmp_path, broker) as path:
        await path.place(client_order_id="A")
        broker.script("modify", Lost(arrives=False))
        order = await path.orders.modify("A", Changes(price=Decimal(99)), actor="test")
        assert order.status is OrderStatus.PENDING_UPDATE
        for _ in range(4):
            await path.step(10)
        order = await path.until_status("A", OrderStatus.ACCEPTED)
        assert order.terms.price == 100


async def test_cancel_all_reports_each_order(tmp_path: Path, broker: FakeBroker) -> None:
    async with order_path(tmp_path, broker) as path:
        for name in ("A", "B", "C"):
            await path.place(client_order_id=name)
        results = await path.orders.cancel_all(actor="test")
        assert sorted(result.client_order_id or "" for result in results) == ["A", "B", "C"]
        assert all(result.ok for result in results)
        assert not path.journal.open_orders()


async def test_cancel_all_is_not_ok_for_an_order_that_may_still_trade(tmp_path: Path, broker: FakeBroker) -> None:
    async with order_path(tmp_path, broker) as path:
        await path.place(client_order_id="A")
        broker.script("cancel", Lost(arrives=False))
        [result] = await path.orders.cancel_all(actor="test")
        assert (result.ok, result.code) == (False, "still_working")
        assert result.detail == "the end of the order is not confirmed, it is pending_cancel"


async def test_close_positions_is_not_ok_when_the_broker_refuses(tmp_path: Path, broker: FakeBroker) -> None:
    async with order_path(tmp_path, broker) as path:
        await path.place(client_order_id="A")
        broker.fill("A", "1", "100")
        await path.until_status("A", OrderStatus.FILLED)
        await until(lambda: _has_report(path), timeout_s=5, what="the position is reported")
        broker.script("place", Reject(code="110017", text="position is zero"))
        [result] = await path.orders.close_positions(connection_id="fake", actor="test")
        assert (result.ok, result.code, result.detail) == (False, "broker_rejected", "110017 position is zero")


async def test_close_positions_sends_the_opposite_market_order(tmp_path: Path, broker: FakeBroker) -> None:
    async with order_path(tmp_path, broker) as path:
        await path.place(client_order_id="A")
        broker.fill("A", "1", "100")
        await path.until_status("A", OrderStatus.FILLED)
        await until(lambda: _has_report(path), timeout_s=5, what="the position is reported")
        results = await path.orders.close_positions(connection_id="fake", actor="test")
        assert [result.ok for result in results] == [True]
        closing = results[0].order
        assert closing is not None
        assert (closing.terms.side, closing.terms.quantity) == (Side.SELL, Decimal(1))


async def _has_report(path: OrderPath) -> bool:
    return bool(path.session_.positions)
