"""What ``append`` promises: durable, projected, all or none, each event once."""

import asyncio
import sqlite3
from decimal import Decimal
from pathlib import Path

import pytest

from edgerunner.domain.errors import Conflict
from edgerunner.domain.events import OrderAccepted, OrderFlagged, OrderSubmitted
from edgerunner.domain.orders import OrderStatus, Side
from edgerunner.storage.database import Database
from edgerunner.storage.journal import Commit, IdempotencyTaken, Journal
from tests.fakes.clock import FakeClock
from tests.fakes.events import filled
from tests.unit.storage.journal_events import bought, canceled, commission, event, funding, key, new, working


async def test_append_returns_records_and_the_newest_state(journal: Journal) -> None:
    commit = await journal.append(*bought())

    assert [record.seq for record in commit.records] == [1, 2, 3, 4]
    assert [order.status for order in commit.orders] == [OrderStatus.FILLED]
    assert [fill.trade_id for fill in commit.fills] == ["T-ORDER-1"]
    assert [(movement.kind, movement.amount) for movement in commit.movements] == [("commission", Decimal("-0.5"))]
    assert [position.quantity for position in commit.positions] == [1]
    assert journal.last_seq == 4


async def test_another_connection_sees_everything_when_append_returns(journal: Journal, database: Database) -> None:
    await journal.append(*bought())

    reader = database.connect()
    counts = {
        table: reader.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608
        for table in ("events", "orders", "fills", "cash_movements", "positions")
    }
    reader.close()
    assert counts == {"events": 4, "orders": 1, "fills": 1, "cash_movements": 1, "positions": 1}


async def test_the_file_flushes_every_commit(database: Database) -> None:
    connection = database.connect()
    settings = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous")]
    connection.close()
    assert settings == ["wal", 2]


async def test_a_known_event_is_dropped_silently(journal: Journal) -> None:
    first = new(event_id="same")
    await journal.append(first)

    commit = await journal.append(first, event(OrderSubmitted()))

    assert [record.event.event_id for record in commit.records] != ["same"]
    assert len(commit.records) == 1
    assert journal.last_seq == 2


async def test_repeats_within_one_call_and_between_waiting_calls_are_recorded_once(journal: Journal) -> None:
    flag = event(OrderFlagged(reason="look"), event_id="flag")
    await journal.append(new())

    commits = await asyncio.gather(journal.append(flag, flag), journal.append(flag))

    assert sorted(len(commit.records) for commit in commits) == [0, 1]
    assert journal.last_seq == 2


async def test_a_second_order_of_the_same_id_is_a_conflict(journal: Journal) -> None:
    await journal.append(*canceled("A"))

    with pytest.raises(Conflict, match="A exists"):
        await journal.append(new("A"))

    assert journal.last_seq == 4


async def test_two_waiting_orders_of_the_same_id_leave_one(journal: Journal) -> None:
    results = await asyncio.gather(*(journal.append(new("A")) for _ in range(5)), return_exceptions=True)

    assert sum(isinstance(result, Commit) for result in results) == 1
    assert sum(isinstance(result, Conflict) for result in results) == 4


async def test_a_wrong_call_fails_alone_and_leaves_nothing(journal: Journal) -> None:
    await journal.append(new("TAKEN"))

    results = await asyncio.gather(
        journal.append(new("A")),
        journal.append(new("B"), new("TAKEN"), idempotency=key()),
        journal.append(new("C")),
        return_exceptions=True,
    )

    assert [type(result) for result in results] == [Commit, Conflict, Commit]
    assert await journal.order("B") is None
    assert await journal.idempotency("api", "k1") is None
    assert [order.client_order_id for order in journal.open_orders()] == ["TAKEN", "A", "C"]
    assert (await journal.verify()).is_clean


async def test_a_value_that_the_file_cannot_hold_fails_alone(journal: Journal) -> None:
    too_large = event(OrderSubmitted(), "A", stamp=2**63)
    not_text = event(OrderSubmitted(), "A", raw="\ud800")

    results = await asyncio.gather(
        journal.append(new("A")),
        journal.append(too_large),
        journal.append(not_text),
        journal.append(new("B")),
        return_exceptions=True,
    )

    assert [type(result) for result in results] == [Commit, OverflowError, UnicodeEncodeError, Commit]
    assert journal.last_seq == 2


async def test_a_cancelled_caller_does_not_stop_the_others(tmp_path: Path) -> None:
    database = Database.open(tmp_path, busy_timeout_s=20)
    journal = await Journal.open(database, clock_ns=FakeClock().now_ns)
    other = database.connect()
    other.execute("BEGIN IMMEDIATE")

    async def give_up_then_release_the_lock() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await journal.append(new("B"))
        other.close()

    await asyncio.gather(journal.append(new("A")), give_up_then_release_the_lock(), journal.append(new("C")))

    assert [order.client_order_id for order in journal.open_orders()] == ["A", "B", "C"]
    await journal.close()
    database.close()


async def test_an_idempotency_key_is_taken_once(journal: Journal) -> None:
    record = key(order_id="A")
    await journal.append(new("A"), idempotency=record)

    with pytest.raises(IdempotencyTaken) as caught:
        await journal.append(new("B"), idempotency=key(order_id="B"))

    assert caught.value.existing == record
    assert await journal.idempotency("api", "k1") == record
    assert await journal.order("B") is None


async def test_one_of_many_callers_with_the_same_key_wins(journal: Journal) -> None:
    calls = (journal.append(new(f"N{n}"), idempotency=key(order_id=f"N{n}")) for n in range(20))

    results = await asyncio.gather(*calls, return_exceptions=True)

    winners = [result for result in results if isinstance(result, Commit)]
    assert len(winners) == 1
    won = winners[0].orders[0].client_order_id
    losers = [result.existing.client_order_id for result in results if isinstance(result, IdempotencyTaken)]
    assert losers == [won] * 19


async def test_a_known_trade_changes_nothing_again(journal: Journal) -> None:
    await journal.append(*bought("A", trade_id="T1"))

    commit = await journal.append(event(filled("T1", "1", fee="0.5"), "A"))

    assert len(commit.records) == 1
    assert (commit.orders, commit.fills, commit.movements, commit.positions) == ((), (), (), ())


async def test_the_same_trade_twice_in_waiting_calls_moves_the_position_once(journal: Journal) -> None:
    await journal.append(*working("A"))

    await asyncio.gather(*(journal.append(event(filled("T1", "1"), "A")) for _ in range(8)))

    assert [position.quantity for position in journal.positions()] == [1]
    assert len((await journal.fills(limit=10)).items) == 1


async def test_the_same_trade_of_no_order_twice_in_one_call_moves_the_position_once(journal: Journal) -> None:
    commit = await journal.append(event(filled("T1", "1"), None), event(filled("T1", "1"), None))
    assert len(commit.records) == 2
    assert [position.quantity for position in commit.positions] == [1]
    assert len((await journal.fills(limit=10)).items) == 1


async def test_a_derived_fill_and_its_real_one_in_one_call_leave_one_row(journal: Journal) -> None:
    await journal.append(
        *working("A"), event(filled("derived-1", "1", derived=True), "A"), event(filled("T1", "1"), "A")
    )
    assert [fill.trade_id for fill in (await journal.fills(limit=10)).items] == ["T1"]
    assert (await journal.verify()).is_clean


async def test_a_real_fill_takes_the_row_of_a_derived_one(journal: Journal) -> None:
    await journal.append(*working("A"), event(filled("derived-1", "1", derived=True), "A"))

    commit = await journal.append(event(filled("T1", "1"), "A"))

    assert [trade_id for *_, trade_id in commit.replaced_fills] == ["derived-1"]
    assert [fill.trade_id for fill in (await journal.fills(limit=10)).items] == ["T1"]
    assert [position.quantity for position in journal.positions()] == [1]
    assert (await journal.verify()).is_clean


async def test_a_late_fill_restates_what_younger_ones_have_closed(journal: Journal) -> None:
    sold = event(filled("T1", "1", "100", side=Side.SELL), None, stamp=1)
    late = event(filled("T2", "2", "90"), None, stamp=2)
    closing = event(filled("T3", "1", "95", side=Side.SELL), None, stamp=3)
    closed_again = event(filled("T4", "1", "95"), None, stamp=4)
    await journal.append(sold, closing)
    first = await journal.append(late)
    second = await journal.append(closed_again)
    assert [(fill.trade_id, fill.realized_pnl) for fill in first.restated_fills] == [("T3", Decimal(5))]
    assert second.restated_fills == ()
    listed = {fill.trade_id: fill.realized_pnl for fill in (await journal.fills(limit=9)).items}
    assert listed == {"T1": Decimal(0), "T2": Decimal(10), "T3": Decimal(5), "T4": Decimal(0)}
    assert (await journal.verify()).is_clean


async def test_a_late_commission_becomes_the_fee_of_a_fill_from_before(journal: Journal) -> None:
    await journal.append(*working(), event(filled("T1", "1")))
    await journal.append(event(commission("T1", "0.5")))
    fills = await journal.fills(limit=10)
    assert [fill.fee.amount for fill in fills.items] == [Decimal("0.5")]
    movements = await journal.movements(client_order_id="ORDER-1", limit=10)
    assert [movement.amount for movement in movements.items] == [Decimal("-0.5")]
    assert (await journal.verify()).is_clean


async def test_a_commission_that_overtook_its_fill_is_booked_once(journal: Journal) -> None:
    await journal.append(*working(), event(commission("T1", "0.5")))
    await journal.append(event(filled("T1", "1", fee="0.5")))
    assert len((await journal.movements(client_order_id="ORDER-1", limit=10)).items) == 1


async def test_a_late_fill_in_the_same_call_restates_what_was_not_written_yet(journal: Journal) -> None:
    sold = event(filled("T1", "1", "100", side=Side.SELL), None, stamp=1)
    late = event(filled("T2", "2", "90"), None, stamp=2)
    closing = event(filled("T3", "1", "95", side=Side.SELL), None, stamp=3)
    commits = await asyncio.gather(journal.append(sold, closing), journal.append(late))
    assert sum(len(commit.fills) for commit in commits) == 3
    listed = {fill.trade_id: fill.realized_pnl for fill in (await journal.fills(limit=9)).items}
    assert listed == {"T1": Decimal(0), "T2": Decimal(10), "T3": Decimal(5)}
    assert (await journal.verify()).is_clean


async def test_a_late_fill_is_booked_on_an_order_closed_before_the_start(journal: Journal, database: Database) -> None:
    await journal.append(*canceled("A"))
    await journal.close()
    again = await Journal.open(database, clock_ns=FakeClock().now_ns)

    commit = await again.append(event(filled("T1", "1"), "A"))

    assert [order.filled_quantity for order in commit.orders] == [1]
    assert (await again.verify()).is_clean
    await again.close()


async def test_listeners_see_commits_in_sequence_order_before_the_caller(journal: Journal) -> None:
    seen: list[int] = []
    remove = journal.add_listener(lambda commit: seen.extend(record.seq for record in commit.records))

    async def call(order_id: str) -> bool:
        commit = await journal.append(*working(order_id))
        return commit.records[-1].seq in seen

    assert all(await asyncio.gather(*(call(f"N{n}") for n in range(10))))
    remove()
    await journal.append(new("LAST"))
    assert seen == list(range(1, 31))


async def test_a_failing_listener_stops_nobody(journal: Journal) -> None:
    problems: list[str] = []
    seen: list[int] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: problems.append(context["message"]))

    def fail(_: Commit) -> None:
        raise ValueError("broken")

    journal.add_listener(fail)
    journal.add_listener(lambda commit: seen.append(commit.records[-1].seq))
    await journal.append(new())

    assert seen == [1]
    assert problems == ["a journal listener failed at event 1"]


async def test_a_restart_finds_open_orders_and_positions(journal: Journal, database: Database) -> None:
    await journal.append(*bought("A"), *working("B"), *canceled("C"), funding("F1", "-0.25", stamp=5))
    before = (journal.open_orders(), journal.positions(), journal.last_seq)
    await journal.close()

    again = await Journal.open(database, clock_ns=FakeClock().now_ns)

    assert (again.open_orders(), again.positions(), again.last_seq) == before
    assert again.owner_epoch == journal.owner_epoch + 1
    await again.append(event(OrderAccepted(venue_order_id="V2"), "B"))
    assert again.last_seq == before[2] + 1
    await again.close()


@pytest.mark.parametrize("statement", ["UPDATE events SET actor = 'x'", "DELETE FROM events"])
async def test_events_cannot_be_changed_or_removed(journal: Journal, database: Database, statement: str) -> None:
    await journal.append(new())
    connection = database.connect()
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(statement)
    connection.close()
