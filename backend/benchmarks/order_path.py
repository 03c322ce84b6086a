"""Does an order cost the same after a hundred thousand others? The whole order path on a real journal.

Run by name: `run.py order_path`. A broker in memory answers at once and cancels every order again, so that
what is measured is ours: checks, risk, journal, projections, booking.
"""

import asyncio
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from measurement import Measurement

from tests.fakes.broker import FakeBroker
from tests.fakes.order_path import OrderPath, order_path

ORDERS = 100_000
BLOCK = 2_000
IN_FLIGHT = 16


def run() -> list[Measurement]:
    """Place and cancel all orders; compare the first blocks with the last."""
    with TemporaryDirectory() as folder:
        blocks = asyncio.run(_blocks(Path(folder)))
    first, last = median(blocks[1:6]), median(blocks[-5:])
    return [
        Measurement(name="order + cancel, first 10,000 (CPU)", value=first * 1e3, unit="ms"),
        Measurement(name=f"order + cancel, last 10,000 of {ORDERS:,} (CPU)", value=last * 1e3, unit="ms"),
        Measurement(name="last / first", value=last / first, unit="x", goal=1.15),
    ]


async def _blocks(folder: Path) -> list[float]:
    """Return the CPU seconds per order of each block."""
    broker = FakeBroker()
    figures: list[float] = []
    async with order_path(folder, broker) as path:
        for first in range(0, ORDERS, BLOCK):
            began = time.process_time()
            await _place_and_cancel(path, first)
            figures.append((time.process_time() - began) / BLOCK)
            broker.orders.clear()  # the broker's own memory is none of ours
            broker.commands.clear()
    return figures


async def _place_and_cancel(path: OrderPath, first: int) -> None:
    places = asyncio.Semaphore(IN_FLIGHT)

    async def one(number: int) -> None:
        async with places:
            placed = await path.place(client_order_id=f"N{number}")
            await path.orders.cancel(placed.order.client_order_id, actor="benchmark")

    await asyncio.gather(*(one(number) for number in range(first, first + BLOCK)))
