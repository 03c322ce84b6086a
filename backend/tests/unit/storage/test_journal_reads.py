"""Lists, look-ups and the proof that the projections are what the events say."""

import pytest

from edgerunner.domain.errors import InvalidRequest
from edgerunner.domain.events import OrderAccepted, OrderUpdated
from edgerunner.domain.orders import Side
from edgerunner.storage.books import OPEN_ORDERS, OpenState, decode_order
from edgerunner.storage.database import Database
from edgerunner.storage.journal import Journal
from edgerunner.storage.reader import PageQuery
from edgerunner.storage.statements import KEY_LIFETIME_NS
from tests.fakes.clock import FakeClock
from tests.fakes.events import filled
from tests.unit.storage.journal_events import bought, canceled, event, funding, key, new, working


async def filled_journal(journal: Journal) -> None:
    await journal.append(*canceled("A"))
    await journal.append(*bought("B"))
    await journal.append(*working("C"))
    await journal.append(*working("D", connection_id="other"))


async def test_orders_come_newest_first_in_pages(journal: Journal) -> None:
    await filled_journal(journal)

    first = await journal.orders(limit=3)
    second = await journal.orders(limit=3, cursor=first.next_cursor)

    assert [order.client_order_id for order in first.items] == ["D", "C", "B"]
    assert [order.client_order_id for order in second.items] == ["A"]
    assert second.next_cursor is None


async def test_new_orders_do_not_shift_a_page(journal: Journal) -> None:
    await filled_journal(journal)
    first = await journal.orders(limit=2)
    await journal.append(new("E"))
    second = await journal.orders(limit=2, cursor=first.next_cursor)
    assert [order.client_order_id for order in second.items] == ["B", "A"]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"status": "open"}, ["D", "C"]),
        ({"status": "closed"}, ["B", "A"]),
        ({"connection_id": "other"}, ["D"]),
        ({"connection_id": "bybit-sim", "status": "open"}, ["C"]),
        ({"client_order_id": "A"}, ["A"]),
        ({"connection_id": "nobody"}, []),
    ],
)
async def test_orders_can_be_filtered(journal: Journal, filters: dict[str, str], expected: list[str]) -> None:
    await filled_journal(journal)
    page = await journal.orders(limit=10, **filters)  # type: ignore[arg-type]
    assert [order.client_order_id for order in page.items] == expected


@pytest.mark.parametrize("cursor", ["", "x", "-1", "1 OR 1=1", "9" * 30, "²"])
async def test_a_cursor_that_is_none_of_ours_is_refused(journal: Journal, cursor: str) -> None:
    with pytest.raises(InvalidRequest, match="cursor"):
        await journal.fills(limit=1, cursor=cursor)


async def test_a_limit_below_one_is_refused(journal: Journal) -> None:
    with pytest.raises(InvalidRequest, match="limit"):
        await journal.orders(limit=0)


async def test_one_order_is_found_open_closed_or_not_at_all(journal: Journal) -> None:
    await filled_journal(journal)
    found = [await journal.order(order_id) for order_id in ("A", "C", "NONE")]
    assert [order and order.status.value for order in found] == ["canceled", "accepted", None]


async def test_an_order_is_found_by_the_brokers_id_open_or_closed(journal: Journal) -> None:
    await filled_journal(journal)
    for order_id in ("A", "C"):
        found = await journal.order_by_venue_id("bybit-sim", f"V-{order_id}")
        assert found is not None
        assert found.client_order_id == order_id
    assert await journal.order_by_venue_id("other", "V-C") is None


async def test_an_order_is_found_by_its_newest_broker_id(journal: Journal) -> None:
    await journal.append(*working("C"))
    await journal.append(event(OrderUpdated(venue_order_id="V-NEW"), "C"))
    found = await journal.order_by_venue_id("bybit-sim", "V-NEW")
    assert found is not None
    assert found.client_order_id == "C"
    assert await journal.order_by_venue_id("bybit-sim", "V-C") is None


async def test_open_orders_and_positions_are_there_without_waiting(journal: Journal) -> None:
    await filled_journal(journal)
    assert [order.client_order_id for order in journal.open_orders()] == ["C", "D"]
    assert [order.client_order_id for order in journal.open_orders("other")] == ["D"]
    assert [position.quantity for position in journal.positions("bybit-sim")] == [1]
    assert journal.positions("other") == []


async def test_fills_and_movements_come_newest_first_by_account_and_order(journal: Journal) -> None:
    await journal.append(*bought("A"), *bought("B"), funding("F1", "-1", stamp=9))

    fills = await journal.fills(limit=10, account_id="1")
    movements = await journal.movements(limit=2)
    rest = await journal.movements(limit=2, cursor=movements.next_cursor)

    assert [fill.client_order_id for fill in fills.items] == ["B", "A"]
    assert [movement.movement_id for movement in movements.items] == ["F1", "fee:T-B"]
    assert [movement.movement_id for movement in rest.items] == ["fee:T-A"]
    assert [fill.trade_id for fill in (await journal.fills(limit=10, client_order_id="A")).items] == ["T-A"]
    commissions = await journal.movements(limit=10, client_order_id="A")
    assert [movement.movement_id for movement in commissions.items] == ["fee:T-A"]
    assert (await journal.fills(limit=10, account_id="2")).items == []


async def test_the_time_line_of_an_order_keeps_all_three_times_and_the_brokers_words(journal: Journal) -> None:
    accepted = event(OrderAccepted(venue_order_id="V1"), "A", stamp=77, raw='{"retCode":0}')
    await journal.append(new("A"), new("B"), accepted)

    line = await journal.events("A")

    assert [record.seq for record in line] == [1, 3]
    assert line[1].event == accepted
    assert line[1].owner_epoch == journal.owner_epoch


async def test_export_continues_where_it_stopped(journal: Journal) -> None:
    await filled_journal(journal)
    first = await journal.export(0, 5)
    second = await journal.export(first[-1].seq, 100)
    assert [record.seq for record in first + second] == list(range(1, journal.last_seq + 1))


async def test_old_keys_of_closed_orders_are_forgotten_at_a_start(database: Database) -> None:
    clock = FakeClock()
    journal = await Journal.open(database, clock_ns=clock.now_ns)
    now = clock.now_ns()
    await journal.append(*canceled("CLOSED"), idempotency=key("closed", order_id="CLOSED", created_ns=now))
    await journal.append(*working("OPEN"), idempotency=key("open", order_id="OPEN", created_ns=now))
    await journal.append(
        *canceled("LATE"), idempotency=key("late", order_id="LATE", created_ns=now + KEY_LIFETIME_NS // 2)
    )
    await journal.close()

    clock.advance(24 * 3600 + 1)
    again = await Journal.open(database, clock_ns=clock.now_ns)

    kept = [name for name in ("closed", "open", "late") if await again.idempotency("api", name) is not None]
    assert kept == ["open", "late"]
    await again.close()


async def test_a_replay_agrees_with_what_is_stored(journal: Journal) -> None:
    await filled_journal(journal)
    await journal.append(funding("F1", "-0.000000012", stamp=4))

    report = await journal.verify()

    assert report.is_clean
    assert (report.events, report.orders, report.fills, report.movements, report.positions) == (15, 4, 1, 2, 1)


@pytest.mark.parametrize(
    ("tampering", "difference"),
    [
        ("UPDATE orders SET state = replace(state, '\"canceled\"', '\"expired\"')", "order A: replay gives"),
        ("DELETE FROM fills", "fill bybit-sim 1 T-B: replay gives"),
        ('UPDATE positions SET state = replace(state, \'"quantity":"1"\', \'"quantity":"2"\')', "position bybit-sim"),
        ("DELETE FROM cash_movements", "movement bybit-sim 1 fee:T-B"),
    ],
)
async def test_a_replay_names_the_first_difference(
    journal: Journal, database: Database, tampering: str, difference: str
) -> None:
    await filled_journal(journal)
    connection = database.connect()
    assert connection.execute(tampering).rowcount > 0
    connection.close()

    report = await journal.verify()

    assert not report.is_clean
    assert (report.first_difference or "").startswith(difference)


async def steps_of_a_start(database: Database) -> int:
    """How much SQLite works to find what is open."""
    steps = 0

    def step() -> int:
        nonlocal steps
        steps += 1
        return 0

    connection = database.connect()
    connection.execute("SELECT 1 FROM orders").fetchone()  # reads the schema
    connection.set_progress_handler(step, 1)
    state = OpenState.load(connection)
    PageQuery(table=OPEN_ORDERS, position="first_seq", filters=(("connection_id", "bybit-sim"),), is_open=True).page(
        connection, decode_order, 5, None
    )
    connection.set_progress_handler(None, 1)
    connection.close()
    assert (list(state.orders), len(state.positions)) == (["OPEN"], 1)
    return steps


async def test_a_start_reads_what_is_open_however_much_is_closed(journal: Journal, database: Database) -> None:
    await journal.append(*working("OPEN"), *bought("B"))
    before = await steps_of_a_start(database)

    await journal.append(*(event for number in range(100) for event in canceled(f"C{number}")))
    for number in range(100):
        ticket = str(number)
        await journal.append(
            event(filled(f"in-{ticket}", "1", leg=ticket), None),
            event(filled(f"out-{ticket}", "1", side=Side.SELL, leg=ticket), None),
        )

    assert await steps_of_a_start(database) == before
