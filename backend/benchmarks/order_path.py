"""Does an order cost the same after a hundred thousand others? The whole order path on a real journal.

Run by name: `run.py order_path`. A broker in memory answers at once and cancels every order again, so that
what is measured is ours: checks, risk, journal, projections, booking. Two processes take turns, one on a young
journal and one on an old one, so that both see the same machine.
"""

import asyncio
import logging
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import structlog
from measurement import Measurement

from tests.fakes.broker import FakeBroker
from tests.fakes.order_path import OrderPath, order_path

ORDERS = 100_000
BLOCK = 2_000
TURNS = 5
IN_FLIGHT = 16


def run() -> list[Measurement]:
    """Place and cancel all orders; compare the first blocks with the last."""
    old, young = Desk(ORDERS - TURNS * BLOCK), Desk(BLOCK)
    try:
        old.until_ready()
        young.until_ready()
        turns = [(young.block(), old.block()) for _ in range(TURNS)]
    finally:
        old.end()
        young.end()
    first, last = median(turn[0] for turn in turns), median(turn[1] for turn in turns)
    return [
        Measurement(name=f"order + cancel, the first {TURNS * BLOCK:,} (CPU)", value=first * 1e3, unit="ms"),
        Measurement(
            name=f"order + cancel, the last {TURNS * BLOCK:,} of {ORDERS:,} (CPU)", value=last * 1e3, unit="ms"
        ),
        Measurement(name="last / first", value=median(old / young for young, old in turns), unit="x", goal=1.15),
    ]


class Desk:
    """A process with an order path of its own that has seen ``before`` orders; runs one block when it is told."""

    def __init__(self, before: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(before)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        if self._process.stdin is None or self._process.stdout is None:
            raise AssertionError("both pipes were asked for")
        self._orders, self._figures = self._process.stdin, self._process.stdout

    def until_ready(self) -> None:
        """Wait until the orders before are placed."""
        self._line()

    def block(self) -> float:
        """Run one block; return its CPU seconds per order."""
        self._orders.write("\n")
        self._orders.flush()
        return float(self._line())

    def end(self) -> None:
        """Let the process end."""
        self._process.communicate(timeout=60)

    def _line(self) -> str:
        line = self._figures.readline()
        if not line:
            raise RuntimeError(f"the process ended with code {self._process.wait()}")
        return line


async def _serve(before: int) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))  # it writes to stdout
    broker = FakeBroker()
    with TemporaryDirectory() as folder:
        async with order_path(Path(folder), broker) as path:
            for first in range(0, before, BLOCK):
                await _block(path, broker, first)
            print("ready", flush=True)
            first = before
            while await asyncio.to_thread(sys.stdin.readline):
                print(await _block(path, broker, first), flush=True)
                first += BLOCK


async def _block(path: OrderPath, broker: FakeBroker, first: int) -> float:
    """Place and cancel one block of orders; return CPU seconds per order."""
    began = time.process_time()
    await _place_and_cancel(path, first)
    used_s = time.process_time() - began
    broker.orders.clear()  # the broker's own memory is none of ours
    broker.commands.clear()
    return used_s / BLOCK


async def _place_and_cancel(path: OrderPath, first: int) -> None:
    places = asyncio.Semaphore(IN_FLIGHT)

    async def one(number: int) -> None:
        async with places:
            placed = await path.place(client_order_id=f"N{number}")
            await path.orders.cancel(placed.order.client_order_id, actor="benchmark")

    await asyncio.gather(*(one(number) for number in range(first, first + BLOCK)))


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
