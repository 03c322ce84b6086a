"""A second process's view of the journal: what its writer said, event by event, read from the file alone."""

import asyncio
import random
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from edgerunner.domain.events import Event, OrderAccepted, OrderCanceled, OrderSubmitted
from edgerunner.domain.orders import Side
from edgerunner.storage.database import Database
from edgerunner.storage.follower import JournalFollower, JournalReplaced
from edgerunner.storage.journal import Journal
from edgerunner.storage.reader import Reader
from edgerunner.storage.values import Commit
from tests.fakes.events import filled
from tests.unit.storage.journal_events import bought, commission, event, funding, new, working


@pytest.fixture
async def reader(database: Database) -> AsyncIterator[Reader]:
    reader = Reader(database)
    yield reader
    await asyncio.to_thread(reader.close)


def random_steps(seed: int, steps: int) -> list[list[Event]]:
    """Return calls of ``append``: orders of two instruments, with late fills, late fees, funding and repeats."""
    draw, calls, placed = random.Random(seed), [], 0
    known: list[str] = []
    for step in range(steps):
        order_id = draw.choice(known) if known and draw.random() < 0.7 else f"ORDER-{seed}-{placed}"
        if order_id not in known:
            placed += 1
            known.append(order_id)
            calls.append([new(order_id), event(OrderSubmitted(), order_id)])
            continue
        stamp = draw.randint(1, 10_000)
        match draw.choice(("accept", "fill", "fill", "fill", "cancel", "fee", "funding", "repeat")):
            case "accept":
                calls.append([event(OrderAccepted(venue_order_id=f"V-{order_id}"), order_id, stamp=stamp)])
            case "fill":
                quantity = Decimal(draw.randint(1, 30)) / 100
                trade = filled(
                    f"T{seed}-{step}", quantity, str(draw.randint(90, 110)), side=draw.choice(tuple(Side)), fee="0.1"
                )
                calls.append([event(trade, order_id, stamp=stamp)])
            case "cancel":
                calls.append([event(OrderCanceled(), order_id, stamp=stamp)])
            case "fee":
                calls.append([event(commission(f"T{seed}-{draw.randint(0, steps)}", "-0.25"), order_id, stamp=stamp)])
            case "funding":
                calls.append([funding(f"F{seed}-{step}", "1.5", stamp=stamp)])
            case _:
                calls.append(calls[-1])
    return calls


def lines(commits: list[Commit]) -> dict[str, list[str]]:
    """Return what subscribers would be told of each order and fill, in order, repeats of the same words left out."""
    told: dict[str, list[str]] = {}
    for commit in commits:
        for order in commit.orders:
            _say(told, f"order {order.client_order_id}", str(order))
        for fill in (*commit.restated_fills, *commit.fills):
            _say(told, f"fill {fill.trade_id}", str(fill))
    return told


def _say(told: dict[str, list[str]], name: str, words: str) -> None:
    if told.setdefault(name, [])[-1:] != [words]:
        told[name].append(words)


@pytest.mark.parametrize("seed", range(8))
async def test_follower_tells_every_state_that_the_writer_told_wherever_it_looks(
    journal: Journal, database: Database, reader: Reader, seed: int
) -> None:
    draw, told, followed = random.Random(seed), list[Commit](), list[Commit]()
    calls = random_steps(seed, 120)
    for call in calls[:40]:
        await journal.append(*call)
    follower = await JournalFollower.open(database, reader)
    journal.add_listener(told.append)
    for call in calls[40:]:
        await asyncio.gather(*(journal.append(single) for single in call))
        if draw.random() < 0.3:
            followed += await follower.advance()
    followed += await follower.advance()
    assert follower.last_seq == journal.last_seq
    assert [record for commit in followed for record in commit.records] == [
        record for commit in told for record in commit.records
    ]
    assert lines(followed) == lines(told), f"seed {seed}"
    assert follower.corrections == 0


async def test_follower_that_knows_nothing_of_closed_orders_still_tells_what_late_events_make_of_them(
    journal: Journal, database: Database, reader: Reader
) -> None:
    await journal.append(*bought("ORDER-1"))
    follower = await JournalFollower.open(database, reader)
    told: list[Commit] = []
    journal.add_listener(told.append)
    await journal.append(event(commission("T-late", "-1"), "ORDER-1"))
    await journal.append(event(filled("T-late", "0.1"), "ORDER-1", stamp=5))
    assert lines(await follower.advance()) == lines(told)


async def test_batches_that_end_before_the_newest_event_leave_nothing_out(
    journal: Journal, database: Database, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edgerunner.storage.follower.BATCH", 3)
    follower = await JournalFollower.open(database, reader)
    told, followed = list[Commit](), list[Commit]()
    journal.add_listener(told.append)
    for call in random_steps(99, 60):
        await journal.append(*call)
    while follower.last_seq < journal.last_seq:
        followed += await follower.advance()
    records = [record.seq for commit in followed for record in commit.records]
    assert records == list(range(1, journal.last_seq + 1))
    last = {name: words[-1] for name, words in lines(followed).items()}
    assert last == {name: words[-1] for name, words in lines(told).items()}


async def test_a_query_sees_exactly_what_has_been_told(journal: Journal, database: Database, reader: Reader) -> None:
    follower = await JournalFollower.open(database, reader)
    await journal.append(*working("ORDER-1"))
    commits, count = await follower.advance_and_read(
        lambda connection: connection.execute("SELECT count(*) FROM events").fetchone()[0]
    )
    assert sum(len(commit.records) for commit in commits) == count == journal.last_seq


async def test_a_file_put_in_the_journals_place_ends_the_following(
    journal: Journal, database: Database, reader: Reader
) -> None:
    await journal.append(*working("ORDER-1"))
    follower = await JournalFollower.open(database, reader)
    database.path.rename(database.path.with_name("away.db"))
    with pytest.raises(JournalReplaced, match="was replaced"):
        await follower.advance()
