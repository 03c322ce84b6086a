"""What a durable order event costs, as a ratio to this disk's own append + fdatasync.

Run by `run.py`. Alone it grows a journal instead and shows that neither the cost of an event nor
a start depends on how many there are: `python backend/benchmarks/journal.py 1000000`.
"""

import asyncio
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import count, islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from measurement import Measurement

from edgerunner.domain.events import (
    Event,
    EventBody,
    OrderAccepted,
    OrderAcknowledged,
    OrderCanceled,
    OrderFilled,
    OrderInitialized,
    OrderPendingCancel,
    OrderSubmitted,
)
from edgerunner.domain.identifiers import deterministic_id, ulid
from edgerunner.domain.instruments import ContractTerms, Product, QuantityUnit
from edgerunner.domain.orders import Liquidity, Money, OrderTerms, OrderType, Side, Source
from edgerunner.storage.database import Database
from edgerunner.storage.journal import Journal

ROUNDS = 5
ORDERS_ONE_BY_ONE = 60
IN_FLIGHT = 32
ORDERS_PER_CALLER = 15
FLOOR_WRITES = 300
LINE = b"x" * 270
START_NS = 1_790_000_000_000_000_000
PRICE = Decimal("64250.5")
CONTRACT = ContractTerms(
    product=Product.PERPETUAL, base="BTC", quote="USDT", settle="USDT", quantity_unit=QuantityUnit.COINS
)
TERMS = OrderTerms(
    instrument_id="BTCUSDT-LINEAR.BYBIT",
    side=Side.BUY,
    order_type=OrderType.LIMIT,
    quantity=Decimal("0.010"),
    quantity_unit=QuantityUnit.COINS,
    price=PRICE,
)

_randomness = count()


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One floor and the journal's figures beside it; a disk's speed changes by the second."""

    floor_us: float
    append_us: float
    events_per_s: float


def event(number: int, body: EventBody) -> Event:
    is_named_by_broker = isinstance(body, OrderFilled)
    return Event(
        event_id=deterministic_id("fill", str(number)) if is_named_by_broker else ulid(number, next(_randomness)),
        body=body,
        connection_id="bybit-sim",
        account_id="unified",
        client_order_id=f"01K{number:023d}",
        actor="benchmark",
        source=Source.API,
        ts_event_ns=START_NS + number,
        ts_init_ns=START_NS + number,
    )


def calls_of_order(number: int) -> Iterator[tuple[Event, ...]]:
    """The calls of `append` that the order path makes for one order; every second one is filled."""
    venue_order_id = f"venue-{number:025d}"
    accepted = event(number, OrderAccepted(venue_order_id=venue_order_id))
    yield event(number, OrderInitialized(terms=TERMS, source=Source.API)), event(number, OrderSubmitted())
    yield (event(number, OrderAcknowledged(venue_order_id=venue_order_id)),)
    if number % 2:
        yield accepted, event(number, fill(number, venue_order_id))
    else:
        yield (accepted,)
        yield (event(number, OrderPendingCancel()),)
        yield (event(number, OrderCanceled()),)


def fill(number: int, venue_order_id: str) -> OrderFilled:
    return OrderFilled(
        trade_id=deterministic_id("trade", str(number)),
        venue_order_id=venue_order_id,
        instrument_id=TERMS.instrument_id,
        side=Side.BUY if number % 4 == 1 else Side.SELL,
        quantity=TERMS.quantity,
        price=PRICE,
        liquidity=Liquidity.MAKER,
        fee=Money(currency="USDT", amount=Decimal("0.1285")),
        contract=CONTRACT,
    )


def floor_us(folder: Path) -> float:
    """Median time of one append + fdatasync, microseconds."""
    flush = getattr(os, "fdatasync", os.fsync)
    descriptor = os.open(folder / "floor", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    times = []
    for _ in range(FLOOR_WRITES):
        start = time.perf_counter()
        os.write(descriptor, LINE)
        flush(descriptor)
        times.append((time.perf_counter() - start) * 1e6)
    os.close(descriptor)
    return median(times)


async def append_us(journal: Journal, numbers: Iterator[int]) -> float:
    """Median time of one `append` while nothing else runs, microseconds."""
    times = []
    for number in islice(numbers, ORDERS_ONE_BY_ONE):
        for events in calls_of_order(number):
            start = time.perf_counter()
            await journal.append(*events)
            times.append((time.perf_counter() - start) * 1e6)
    return median(times)


async def events_per_s(journal: Journal, numbers: Iterator[int]) -> float:
    """Durable events per second with callers that each wait for their own; the events are made before."""
    calls = [[call for n in islice(numbers, ORDERS_PER_CALLER) for call in calls_of_order(n)] for _ in range(IN_FLIGHT)]
    first_seq = journal.last_seq

    async def caller(own: list[tuple[Event, ...]]) -> None:
        for events in own:
            await journal.append(*events)

    start = time.perf_counter()
    await asyncio.gather(*(caller(own) for own in calls))
    return (journal.last_seq - first_seq) / (time.perf_counter() - start)


async def measured_rounds(folder: Path) -> list[Round]:
    journal = await Journal.open(Database.open(folder), clock_ns=time.time_ns)
    numbers = count()
    await events_per_s(journal, numbers)  # the log file reaches its size
    rounds = [
        Round(
            floor_us=floor_us(folder),
            append_us=await append_us(journal, numbers),
            events_per_s=await events_per_s(journal, numbers),
        )
        for _ in range(ROUNDS)
    ]
    await journal.close()
    return rounds


def run() -> list[Measurement]:
    """Medians over some rounds, in a temporary folder."""
    with TemporaryDirectory(prefix="journal-benchmark-", ignore_cleanup_errors=True) as folder:
        rounds = asyncio.run(measured_rounds(Path(folder)))
    latency = median(each.append_us / each.floor_us for each in rounds)
    rate = median(each.events_per_s * each.floor_us / 1e6 for each in rounds)
    return [
        Measurement(name="append + fdatasync, p50", value=median(each.floor_us for each in rounds), unit="us"),
        Measurement(name="journal, 1 in flight, p50", value=median(each.append_us for each in rounds), unit="us"),
        Measurement(name="journal, 1 in flight / floor", value=latency, unit="x", goal=2.5),
        Measurement(
            name=f"journal, {IN_FLIGHT} in flight", value=median(each.events_per_s for each in rounds), unit="events/s"
        ),
        Measurement(
            name=f"journal, {IN_FLIGHT} in flight * floor", value=rate, unit="x", goal=4, higher_is_better=True
        ),
    ]


async def grow(folder: Path, total: int) -> None:
    """Print the cost of an event along the way, and how long a start takes at the end."""
    journal = await Journal.open(Database.open(folder), clock_ns=time.time_ns)
    numbers = count()
    for goal in range(total // 10, total + 1, total // 10):
        before, start, cpu_start = journal.last_seq, time.perf_counter(), time.process_time()
        while journal.last_seq < goal:
            await asyncio.gather(*(append_whole(journal, number) for number in islice(numbers, IN_FLIGHT)))
        events = journal.last_seq - before
        cost_us, cpu_us = (time.perf_counter() - start) * 1e6 / events, (time.process_time() - cpu_start) * 1e6 / events
        print(f"{journal.last_seq:>12,} events {cost_us:8.1f} us, {cpu_us:.1f} us CPU per event", flush=True)
    await journal.close()
    for _ in range(3):
        start = time.perf_counter()
        journal = await Journal.open(Database.open(folder), clock_ns=time.time_ns)
        print(f"start: {(time.perf_counter() - start) * 1e3:.1f} ms, epoch {journal.owner_epoch}")
        await journal.close()


async def append_whole(journal: Journal, number: int) -> None:
    """Append everything that happens to one order in a single call."""
    await journal.append(*(each for call in calls_of_order(number) for each in call))


if __name__ == "__main__":
    with TemporaryDirectory(prefix="journal-benchmark-", ignore_cleanup_errors=True) as folder_name:
        asyncio.run(grow(Path(folder_name), int(sys.argv[1])))
