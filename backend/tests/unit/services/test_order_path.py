"""The order path with every kind of bad answer: nothing lost, nothing doubled, nothing pretended."""

import asyncio
import sqlite3
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from edgerunner.domain.cash import COMMISSION, fee_movement_id
from edgerunner.domain.errors import (
    BrokerUnreachable,
    Conflict,
    IdempotencyConflict,
    InvalidRequest,
    JournalUnavailable,
    NotConnected,
)
from edgerunner.domain.events import CashMoved
from edgerunner.domain.orders import Money, Order, OrderStatus, OrderTerms, OrderType, Side
from tests.fakes.broker import FakeBroker, Lost, Reject, RejectLater
from tests.fakes.instruments import LINEAR
from tests.fakes.order_path import INSTRUMENT_ID, MemoryWatermarks, OrderPath, order_path
from tests.waiting import until


@pytest.fixture
def broker() -> FakeBroker:
    return FakeBroker()


async def test_intent_is_on_disk_before_the_broker_hears_of_it(tmp_path: Path, broker: FakeBroker) -> None:
    async with order_path(tmp_path, broker) as path:
        gate = broker.hold("place")
        task = asyncio.create_task(path.place(client_order_id="A"))
        await gate.reached()
        with sqlite3.connect(tmp_path / "edgerunner.db") as connection:
            rows = connection.execute("SELECT type FROM events WHERE client_order_id = 'A' ORDER BY seq").fetchall()
        connection.close()
        assert [row[0] for row in rows] == ["order_initialized", "order_submitted"]
        gate.release()
        assert (await task).order.status is OrderStatus.ACCEPTED


async def test_answer_waits_until_the_order_has_left_submitted(tmp_path: Path, broker: FakeBroker) -> None:
    async with order_path(tmp_path, broker) as path:
        placed = await path.place()
        assert placed.order.status is OrderStatus.ACCEPTED
        assert placed.order.venue_order_id == broker.order(placed.order.client_order_id).venue_order_id


async def test_answer_comes_after_wait_ms_when_the_broker_is_slow(tmp_path: Path, broker: FakeBroker) -> None:
    async with order_path(tmp_path, broker) as path:
        gate = broker.hold("place")
        placed = await path.place(wait_ms=1)
        assert placed.order.status is OrderStatus.SUBMITTED
        assert placed.order.outcome_unknown is None
        gate.release()
        await path.until_status(placed.order.client_order_id, OrderStatus.ACCEPTED)


async def test_refusal_by_the_broker_keeps_its_code_and_text(tmp_path: Path, broker: FakeBroker) -> None:
    async with order_path(tmp_path, broker) as path:
        broker.script("place", Reject(code="110007", text="ab not enough for new order"))
        order = (await path.place()).order
        assert order.status is OrderStatus.REJECTED
        assert (order.broker.code, order.broker.text) == ("110007", "ab not enough for new order")


async def test_late_refusal_is_a_rejection(tmp_path: Path, broker: FakeBroker) -> None:
    async with order_path(tmp_path, broker) as path:
        broker.script("place", RejectLater(code="EC_Test"))
        placed = await path.place(client_order_id="A")
        order = await path.until_status(placed.order.client_order_id, OrderStatus.REJECTED)
        assert order.broker.code == "EC_Test"


async def test_lost_answer_is_unknown_and_never_a_rejection(tmp_path: Path, broker: FakeBroker) -> None:
    broker.proves_absence = False
    async with order_path(tmp_path, broker) as path:
        broker.script("place", Lost(arrives=False))
        order = (await path.place()).order
        assert order.status is OrderStatus.SUBMITTED
        assert order.outcome_unknown is not None
        for _ in range(5):
            await path.step(60)
            await until(lambda: _asked(broker), timeout_s=5, what="the broker was asked")
        order = await path.order(order.client_order_id)
        assert order.status is OrderStatus.SUBMITTED
        assert broker.placements[order.client_order_id] == 1


async def _asked(broker: FakeBroker) -> bool:
    asked = broker.queries["find_order"] > 0
    broker.queries["find_order"] = 0
    return asked


async def test_order_that_arrived_in_spite_of_a_lost_answer_is_found(tmp_path: Path, broker: FakeBroker) -> None:
    async with order_path(tmp_path, broker) as path:
        with broker.unseen():
            broker.script("place", Lost(arrives=True))
            order = (await path.place()).order
        assert order.outcome_unknown is not None
        await path.step(1)
        order = await path.until_status(order.client_order_id, OrderStatus.ACCEPTED)
        assert order.outcome_unknown is None
        assert broker.placements[order.client_order_id] == 1


async def test_order_that_provably_never_arrived_is_rejected(tmp_path: Path, broker: FakeBroker) -> None:
    async with order_path(tmp_path, broker) as path:
        broker.script("place", Lost(arrives=False))
        order = (await path.place()).order
        await path.step(1)
        order = await path.until_status(order.client_order_id, OrderStatus.REJECTED)
        assert order.broker.code == "never_arrived"


async def test_stream_resolves_an_unknown_outcome_without_a_second_placement(
    tmp_path: Path, broker: FakeBroker
) -> None:
    async with order_path(tmp_path, broker) as path:
        broker.script("place", Lost(arrives=True))  # the answer is lost, the stream tells
        order = (await path.place()).order
        order = await path.until_status(order.client_order_id, OrderStatus.ACCEPTED)
        assert order.outcome_unknown is None
        assert broker.placements[order.client_order_id] == 1


async def test_unreachable_broker_proves_that_nothing_was_sent(tmp_path: Path, broker: FakeBroker) -> None:
    async with order_path(tmp_path, broker) as path:
        broker.script("place", BrokerUnreachable("connection refused"))
        order = (await path.place()).order
        assert order.status is OrderStatus.REJECTED
        assert order.broker.code == "not_sent"


async def test_same_key_and_body_is_the_same_order_fifty_times_at_once(tmp_path: Path, broker: FakeBroker) -> None:
    async with order_path(tmp_path, broker) as path:
        placed = await asyncio.gather(*(path.place(key="K") for _ in range(50)))
        assert len({answer.order.client_order_id for answer in placed}) == 1
        assert sum(broker.placements.values()) == 1


async def test_same_key_with_another_body_is_a_conflict(tmp_path: Path, broker: FakeBroker) -> None:
    async with order_path(tmp_path, broker) as path:
        await path.place(key="K")
        with pytest.raises(IdempotencyConflict):
            await path.place(key="K", fingerprint="other")
        assert sum(broker.placements.values()) == 1


async def test_key_of_an_invalid_order_is_not_used_up(tmp_path: Path, broker: FakeBroker) -> None:
    async with order_path(tmp_path, broker) as path:
        with pytest.raises(InvalidRequest):
            await path.place(key="K", quantity="0")
        assert (await path.place(key="K")).order.status is OrderStatus.ACCEPTED


async def test_what_the_adapter_would_not_send_is_refused_before_anything_is_recorded(
    tmp_path: Path, broker: FakeBroker
) -> None:
    async with order_path(tmp_path, broker) as path:
        broker.script("check_order", InvalidRequest.of("trigger_price", "wrong_side", "is on the wrong side"))
        with pytest.raises(InvalidRequest):
            await path.place(key="K", client_order_id="A")
        assert await path.journal.order("A") is None
        assert not broker.commands
        assert (await path.place(key="K", client_order_id="A")).order.status is OrderStatus.ACCEPTED


async def test_client_order_id_cannot_be_used_twice(tmp_path: Path, broker: FakeBroker) -> None:
    async with order_path(tmp_path, broker) as path:
        await path.place(client_order_id="A")
        with pytest.raises(Conflict):
            await path.place(client_order_id="A")
        assert broker.placements["A"] == 1


async def test_nothing_is_sent_when_the_journal_cannot_be_written(tmp_path: Path, broker: FakeBroker) -> None:
    async with order_path(tmp_path, broker) as path:
        await path.journal.close()
        with pytest.raises(JournalUnavailable):
            await path.place()
        assert not broker.commands


async def test_no_new_risk_while_the_link_is_down_and_everything_is_reread_after(
    tmp_path: Path, broker: FakeBroker
) -> None:
    async with order_path(tmp_path, broker) as path:
        placed = await path.place(client_order_id="A")
        broker.link_down()
        await until(lambda: _is_down(path), timeout_s=5, what="the session notices")
        with pytest.raises(NotConnected):
            await path.place()
        with broker.unseen():
            broker.fill("A", "0.4", "100")
            broker.fill("A", "0.6", "100")
        broker.link_up()
        order = await path.until_status(placed.order.client_order_id, OrderStatus.FILLED)
        assert order.filled_quantity == 1
        await path.until_ready()
        assert [position.quantity for position in path.journal.positions()] == [Decimal(1)]


async def _is_down(path: OrderPath) -> bool:
    return not path.session_.is_ready


async def test_fill_by_stream_and_by_reading_counts_once(tmp_path: Path, broker: FakeBroker) -> None:
    async with order_path(tmp_path, broker) as path:
        await path.place(client_order_id="A")
        report = broker.fill("A", "0.4", "100")
        broker.push(report)
        broker.link_down()
        broker.link_up()
        broker.push(report)
        broker.fill("A", "0.6", "101")
        order = await path.until_status("A", OrderStatus.FILLED)
        assert order.filled_quantity == 1
        assert len((await path.journal.fills(limit=10)).items) == 2


async def test_missed_fills_are_booked_before_newer_ones(tmp_path: Path, broker: FakeBroker) -> None:
    async with order_path(tmp_path, broker) as path:
        await path.place(client_order_id="A", price="100")
        await path.place(client_order_id="B", price="150", side=Side.SELL)
        await path.place(client_order_id="C", price="200")
        broker.link_down()
        with broker.unseen():
            broker.fill("A", "1", "100")
        gate = broker.hold("get_fills")
        broker.link_up()
        await gate.reached()
        broker.fill("B", "1", "150")
        broker.fill("C", "1", "200")
        gate.release()
        for name in ("A", "B", "C"):
            await path.until_status(name, OrderStatus.FILLED)
        position = path.journal.positions()[0]
        assert (position.average_price, position.realized_pnl) == (Decimal(200), Decimal(50))


async def test_average_price_of_the_broker_is_taken_over_when_ours_came_out_otherwise(
    tmp_path: Path, broker: FakeBroker
) -> None:
    async with order_path(tmp_path, broker) as path:
        await path.place(client_order_id="A")
        broker.fill("A", "1", "100")
        await path.until_status("A", OrderStatus.FILLED)
        (key,) = broker.positions
        broker.set_position(replace(broker.positions[key], average_price=Decimal("100.5")))
        broker.link_down()
        broker.link_up()
        await until(lambda: _averages(path, Decimal("100.5")), timeout_s=5, what="the broker's average is ours")


async def _averages(path: OrderPath, price: Decimal) -> bool:
    return [position.average_price for position in path.journal.positions()] == [price]


async def test_restart_finds_what_filled_while_we_were_down_and_books_it_once(
    tmp_path: Path, broker: FakeBroker
) -> None:
    marks = MemoryWatermarks()
    seq = 0
    async with order_path(tmp_path, broker, watermarks=marks) as path:
        await path.place(client_order_id="A")
    broker.fill("A", "1", "100")
    for _ in range(5):
        async with order_path(tmp_path, broker, watermarks=marks) as path:
            order = await path.until_status("A", OrderStatus.FILLED)
            assert order.filled_quantity == 1
            assert len((await path.journal.fills(limit=10)).items) == 1
            assert [position.quantity for position in path.journal.positions()] == [Decimal(1)]
            seq = path.journal.last_seq
    async with order_path(tmp_path, broker, watermarks=marks) as path:
        assert path.journal.last_seq == seq
        assert (await path.journal.verify()).first_difference is None
    assert broker.placements["A"] == 1


async def test_order_submitted_before_a_crash_is_looked_up_and_not_sent_again(
    tmp_path: Path, broker: FakeBroker
) -> None:
    async with order_path(tmp_path, broker) as path:
        with broker.unseen():
            broker.script("place", Lost(arrives=True))
            await path.place(client_order_id="A")
    async with order_path(tmp_path, broker) as path:
        await path.until_status("A", OrderStatus.ACCEPTED)
        assert broker.placements["A"] == 1


async def test_foreign_order_is_adopted_with_the_same_id_at_every_start(tmp_path: Path, broker: FakeBroker) -> None:
    marks = MemoryWatermarks()
    async with order_path(tmp_path, broker, watermarks=marks) as path:
        foreign = broker.place_foreign(_terms("2"))
        adopted = await until(lambda: _adopted(path), timeout_s=5, what="the order is adopted")
        broker.fill_order(foreign, Decimal(2), Decimal(100), fee=_no_fee())
        await path.until_status(adopted[0].client_order_id, OrderStatus.FILLED)
    async with order_path(tmp_path, broker, watermarks=marks) as path:
        page = await path.journal.orders(limit=10)
        assert [order.client_order_id for order in page.items] == [adopted[0].client_order_id]
        assert adopted[0].client_order_id.startswith("X")


async def _adopted(path: OrderPath) -> list[Order]:
    return path.journal.open_orders()


def _terms(quantity: str) -> OrderTerms:
    return OrderTerms(
        instrument_id=INSTRUMENT_ID,
        side=Side.BUY,
        order_type=OrderType.LIMIT,
        quantity=Decimal(quantity),
        quantity_unit=LINEAR.quantity_unit,
        price=Decimal(100),
    )


def _no_fee() -> Money:
    return Money(currency="USDT", amount=Decimal(0))


async def test_position_held_before_the_first_connect_is_the_opening(tmp_path: Path, broker: FakeBroker) -> None:
    foreign = broker.place_foreign(_terms("3"))
    broker.fill_order(foreign, Decimal(3), Decimal(100), fee=_no_fee())
    broker.clock.advance(8 * 86_400)
    marks = MemoryWatermarks()
    for _ in range(3):
        async with order_path(tmp_path, broker, watermarks=marks) as path:
            position = path.journal.positions()[0]
            assert (position.quantity, position.average_price) == (Decimal(3), Decimal(100))
            assert path.journal.last_seq == 1


async def test_missing_execution_is_fetched_when_the_order_claims_it(tmp_path: Path, broker: FakeBroker) -> None:
    async with order_path(tmp_path, broker) as path:
        await path.place(client_order_id="A")
        with broker.unseen():
            broker.fill("A", "1", "100")
        broker.push(broker.order("A"))  # the order says filled, the execution never comes
        await until(lambda: _looked_up(path), timeout_s=5, what="the order was looked up")
        order = await path.until_status("A", OrderStatus.FILLED)
        assert order.average_price == 100


async def _looked_up(path: OrderPath) -> bool:
    await path.step(1)
    return path.broker.queries["find_order"] > 0


async def test_difference_to_the_broker_is_booked_once_over_five_restarts(tmp_path: Path, broker: FakeBroker) -> None:
    marks = MemoryWatermarks()
    async with order_path(tmp_path, broker, watermarks=marks) as path:
        await path.place(client_order_id="A")
        broker.fill("A", "1", "100")
        await path.until_status("A", OrderStatus.FILLED)
    foreign = broker.place_foreign(_terms("2"))
    broker.fill_order(foreign, Decimal(2), Decimal(103), fee=_no_fee())
    broker.fills.pop()  # the broker no longer lists the execution
    del broker.orders[foreign.venue_order_id]
    seq = 0
    for _ in range(5):
        async with order_path(tmp_path, broker, watermarks=marks) as path:
            position = path.journal.positions()[0]
            assert (position.quantity, position.average_price) == (Decimal(3), Decimal(102))
            seq = path.journal.last_seq
    async with order_path(tmp_path, broker, watermarks=marks) as path:
        assert path.journal.last_seq == seq


async def test_a_commission_that_comes_later_is_the_fee_of_its_order_and_fill(
    tmp_path: Path, broker: FakeBroker
) -> None:
    async with order_path(tmp_path, broker) as path:
        await path.place(client_order_id="A")
        trade = broker.fill("A", "1", "100").fill
        await path.until_status("A", OrderStatus.FILLED)
        commission = CashMoved(
            movement_id=fee_movement_id(trade.trade_id),
            kind=COMMISSION,
            currency="USDT",
            amount=Decimal("-0.5"),
            instrument_id=trade.instrument_id,
            trade_id=trade.trade_id,
        )
        broker.move_cash(commission, client_order_id="A")

        async def fees() -> tuple[Money, ...]:
            return (await path.order("A")).fees

        fee = Money(currency="USDT", amount=Decimal("0.5"))
        assert await until(fees, timeout_s=5, what="the order has its fee") == (fee,)
        assert [fill.fee for fill in (await path.journal.fills(client_order_id="A", limit=9)).items] == [fee]
        assert len((await path.journal.movements(client_order_id="A", limit=9)).items) == 1
