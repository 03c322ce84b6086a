"""What a durable order event costs, as ratios to this disk's own append + fdatasync.

    python backend/benchmarks/journal.py              the two ratios
    python backend/benchmarks/journal.py --million    a journal of a million events: flat cost, quick start
"""

import argparse
import asyncio
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from decimal import Decimal
from itertools import count, islice
from pathlib import Path

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
from edgerunner.domain.instruments import ContractTerms, Product, QuantityUnit
from edgerunner.domain.orders import Liquidity, Money, OrderTerms, OrderType, Side, Source
from edgerunner.storage.database import Database
from edgerunner.storage.journal import Journal

ROUNDS = 5
LIVES_PER_ROUND = 60
IN_FLIGHT = 32
START_NS = 1_790_000_000_000_000_000
LINE = b"x" * 270

CONTRACT = ContractTerms(
    product=Product.PERPETUAL, base="BTC", quote="USDT", settle="USDT", quantity_unit=QuantityUnit.COINS
)
TERMS = OrderTerms(
    instrument_id="BTCUSDT-LINEAR.BYBIT",
    side=Side.BUY,
    order_type=OrderType.LIMIT,
    quantity=Decimal("0.010"),
    quantity_unit=QuantityUnit.COINS,
    price=Decimal("64250.5"),
)


def event(number: int, step: str, body: EventBody) -> Event:
    """One event of order ``number``."""
    return Event(
        event_id=f"{step}-{number:025d}",
        body=body,
        connection_id="bybit-sim",
        account_id="unified",
        client_order_id=f"01K{number:023d}",
        actor="bench",
        source=Source.API,
        ts_event_ns=START_NS + number,
        ts_init_ns=START_NS + number,
    )


def life(number: int) -> list[Event]:
    """The events of one order: every second one is filled, the others are canceled."""
    venue_order_id = f"venue-{number:025d}"
    events = [
        event(number, "init", OrderInitialized(terms=TERMS, source=Source.API)),
        event(number, "sent", OrderSubmitted()),
        event(number, "ack", OrderAcknowledged(venue_order_id=venue_order_id)),
        event(number, "new", OrderAccepted(venue_order_id=venue_order_id)),
    ]
    if number % 2:
        return [
            *events,
            event(number, "pend", OrderPendingCancel()),
            event(number, "end", OrderCanceled()),
        ]
    fill = OrderFilled(
        trade_id=f"trade-{number:025d}",
        venue_order_id=venue_order_id,
        instrument_id=TERMS.instrument_id,
        side=Side.BUY if number % 4 else Side.SELL,
        quantity=TERMS.quantity,
        price=Decimal("64250.5"),
        liquidity=Liquidity.MAKER,
        fee=Money(currency="USDT", amount=Decimal("0.1285")),
        contract=CONTRACT,
    )
    return [*events, event(number, "fill", fill)]


def floor_us(folder: Path, times: int) -> float:
    """Median time of one append + fdatasync, microseconds."""
    flush = getattr(os, "fdatasync", os.fsync)
    descriptor = os.open(folder / "floor", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        return statistics.median(_timed(lambda: (os.write(descriptor, LINE), flush(descriptor))) for _ in range(times))
    finally:
        os.close(descriptor)


def _timed(work: object) -> float:
    start = time.perf_counter()
    work()  # type: ignore[operator]
    return (time.perf_counter() - start) * 1e6


async def one_in_flight_us(journal: Journal, numbers: Iterator[int]) -> float:
    """Median time of ``append`` of one event while nothing else runs, microseconds."""
    times = []
    for number in islice(numbers, LIVES_PER_ROUND):
        for step in life(number):
            start = time.perf_counter()
            await journal.append(step)
            times.append((time.perf_counter() - start) * 1e6)
    return statistics.median(times)


async def events_per_s(journal: Journal, numbers: Iterator[int]) -> float:
    """Committed events per second with 32 callers that each wait for their own."""
    before = journal.last_seq

    async def caller() -> None:
        for number in islice(numbers, LIVES_PER_ROUND // 4):
            for step in life(number):
                await journal.append(step)

    start = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(IN_FLIGHT)))
    return (journal.last_seq - before) / (time.perf_counter() - start)


async def measure(folder: Path) -> None:
    """Print the medians of some rounds, floor and journal side by side."""
    journal = await Journal.open(Database.open(folder), clock_ns=time.time_ns)
    numbers = count()
    rows = []
    for _ in range(ROUNDS):
        floor = floor_us(folder, 300)
        rows.append((floor, await one_in_flight_us(journal, numbers), await events_per_s(journal, numbers)))
    await journal.close()
    floor = statistics.median(row[0] for row in rows)
    latency = statistics.median(row[1] for row in rows)
    latency_ratio = statistics.median(row[1] / row[0] for row in rows)
    rate = statistics.median(row[2] for row in rows)
    rate_ratio = statistics.median(row[2] * row[0] / 1e6 for row in rows)
    print(f"append + fdatasync floor      {floor:8.0f} us p50")
    print(f"journal, 1 in flight          {latency:8.0f} us p50    {latency_ratio:.2f} x floor (goal <= 2.5)")
    print(f"journal, {IN_FLIGHT} in flight         {rate:8.0f} events/s  {rate_ratio:.2f} x 1/floor (goal >= 4)")


def main() -> None:
    """Measure in a temporary folder of the working directory's disk."""
    folder = Path(tempfile.mkdtemp(prefix="journal-bench-"))
    try:
        asyncio.run(measure(folder))
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
