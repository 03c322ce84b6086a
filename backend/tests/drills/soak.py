"""The soak: minutes of market data and orders with a fault every ten seconds, then API == ledger.

``python -m tests.drills.soak --minutes 15``: prints memory and queues as they go, and their slope.
"""

import argparse
import asyncio
import itertools
import json
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
import psutil
from websockets.asyncio.client import connect

from tests.drills.broker import BYBIT
from tests.drills.commands import Kind, body_of, cancel, place, repeat_unanswered, resize
from tests.drills.world import API_KEY, CONNECTION_ID, ProcessWorld, Violation
from tests.waiting import until

ORDERS_PER_S = 5
INSTRUMENTS_READ = 6
"""Whose quotes, depth and trades are read: some 200 messages a second together."""

FAULT_EVERY_S = 10
SAMPLE_EVERY_S = 30
FAULTS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("drop_reply", "place", {}),
    ("drop_request", "place", {}),
    ("drop_reply", "cancel", {}),
    ("drop_reply", "amend", {}),
    ("close_after_accept", "place", {}),
    ("reset_after_accept", "place", {}),
    ("duplicate_event", "stream", {"copies": 2}),
    ("reorder_events", "stream", {}),
    ("late_event", "stream", {"delay_s": 3}),
    ("rate_limit", "place", {"reset_s": 0.5}),
    ("partial_fill", "place", {"fraction": "0.4"}),
    ("reject", "place", BYBIT.reject),
)
QUEUES = ("edgerunner_journal_waiting", "edgerunner_stream_longest_queue", "edgerunner_orders_open")


class Soak:
    """One world under load."""

    def __init__(self, world: ProcessWorld, seed: int) -> None:
        self._world = world
        self._draw = random.Random(seed)
        self._number = itertools.count()
        self._messages = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self.samples: list[tuple[float, float]] = []

    @property
    def messages(self) -> int:
        """Return how many messages of the stream were read."""
        return self._messages

    async def run(self, seconds: float) -> None:
        """Load the product for some time."""
        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            background = [group.create_task(self._read()), group.create_task(self._sample(began))]
            await self._trade(began, seconds)
            for task in background:
                task.cancel()
        await asyncio.gather(*self._tasks)

    async def _trade(self, began: float, seconds: float) -> None:
        next_fault_s = float(FAULT_EVERY_S)
        for number in itertools.count():
            due = began + number / ORDERS_PER_S
            if due - began > seconds:
                return
            await asyncio.sleep(max(due - time.monotonic(), 0))
            if time.monotonic() - began >= next_fault_s:
                next_fault_s += FAULT_EVERY_S
                await self._misbehave()
            task = asyncio.create_task(self._command())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _misbehave(self) -> None:
        if self._draw.random() < 0.15:
            self._world.proxy.cut(reset=self._draw.random() < 0.5)
            return
        name, op, params = self._draw.choice(FAULTS)
        await self._world.fault(name, op, **params)

    async def _command(self) -> None:
        draw = self._draw
        kinds: tuple[Kind, ...] = ("market", "resting", "resting", "marketable")
        order = await place(self._world, f"soak-{next(self._number)}", body_of(self._world, draw, draw.choice(kinds)))
        if order is None or order["status"] not in {"submitted", "accepted", "partially_filled"}:
            return
        if order["status"] == "accepted" and draw.random() < 0.3:
            await resize(self._world, draw, order)
        await cancel(self._world, order)

    async def _read(self) -> None:
        """Read quotes, depth and trades, as a screen does."""
        listed = await self._world.api.get("/instruments", params={"connection_id": CONNECTION_ID})
        instruments = [each["instrument_id"] for each in listed.json()["instruments"]][:INSTRUMENTS_READ]
        url = str(self._world.api.base_url).replace("http", "ws", 1).rstrip("/") + "/ws/broker"
        async with connect(url, max_size=None) as client:
            await client.send(json.dumps({"op": "authenticate", "token": API_KEY}))
            for instrument_id, feed in itertools.product(instruments, ("quotes", "depth", "trades")):
                channel = f"{feed}:{CONNECTION_ID}:{instrument_id}"
                await client.send(json.dumps({"op": "subscribe", "channel": channel}))
            for channel in ("orders", "fills", "positions", "account"):
                await client.send(json.dumps({"op": "subscribe", "channel": channel}))
            async for _ in client:
                self._messages += 1

    async def _sample(self, began: float) -> None:
        process = psutil.Process(self._world.process.pid if self._world.process else 0)
        told, told_at = 0, began
        while True:
            await asyncio.sleep(SAMPLE_EVERY_S)
            now = time.monotonic()
            resident = process.memory_info().rss / 2**20
            self.samples.append((now - began, resident))
            rate = (self._messages - told) / (now - told_at)
            told, told_at = self._messages, now
            queues = await self._queues()
            print(
                f"{now - began:6.0f} s  {resident:6.1f} MB  {rate:6.0f} messages/s to the reader  {queues}", flush=True
            )

    async def _queues(self) -> str:
        try:
            text = (await self._world.api.get("/metrics")).text
        except httpx.HTTPError as error:
            return repr(error)
        values = dict(line.rsplit(" ", 1) for line in text.splitlines() if line.startswith(QUEUES))
        return "  ".join(
            f"{name.removeprefix('edgerunner_')} {float(values[name]):.0f}" for name in QUEUES if name in values
        )


def slope_mb_per_hour(samples: list[tuple[float, float]]) -> float:
    """Return the least-squares slope of the second half of the samples."""
    half = samples[len(samples) // 2 :]
    mean_x = sum(x for x, _ in half) / len(half)
    mean_y = sum(y for _, y in half) / len(half)
    spread = sum((x - mean_x) ** 2 for x, _ in half)
    return 3_600 * sum((x - mean_x) * (y - mean_y) for x, y in half) / spread if spread else 0.0


async def soak(minutes: float, seed: int) -> bool:
    """Run it all; True when the book is right at the end."""
    world = ProcessWorld(folder=Path(tempfile.mkdtemp(prefix="soak-")), seed=seed, broker=BYBIT)
    await world.open()
    try:
        run = Soak(world, seed)
        await run.run(minutes * 60)
        await world.heal()
        await until(world.is_ready, timeout_s=240, what="the connection is ready")
        await repeat_unanswered(world)
        await world.api.post("/orders/cancel-all", json={"connection_id": CONNECTION_ID})
        try:
            await world.settle()
        except Violation as violation:
            print(f"FAILED: {violation} ({world.folder})")
            return False
        orders = len((await world.ledger())["orders"])
        slope = f"{slope_mb_per_hour(run.samples):+.1f} MB/h" if len(run.samples) > 3 else "not measured"
        print(f"{orders} orders, {run.messages} messages read in {minutes:g} min; API == ledger; ", end="")
        print(f"memory slope of the second half {slope}")
        return True
    finally:
        await world.close()


def main() -> None:
    """Run the soak."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**31))
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    sys.exit(0 if asyncio.run(soak(arguments.minutes, arguments.seed)) else 1)


if __name__ == "__main__":
    main()
