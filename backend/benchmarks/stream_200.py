"""A stream of 200 symbols, depth 50 and trades, through the Bybit adapter from the simulator: sustained, without a gap.

`EDGERUNNER_STREAM_SECONDS` (600) and `EDGERUNNER_STREAM_SYMBOLS` (200) change its length and width. The simulator is
a process of its own on the same machine; where both have to share the cores, its own lateness is part of the lag, so
it is printed beside: how many of the books' changes that its market makes (10 a second and symbol) it sent at all.
"""

import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import linear_regression

import psutil
from measurement import Measurement

from edgerunner.adapters.broker import Environment, Feed, LinkHealth, LinkStatus, MarketSubscription
from edgerunner.adapters.bybit_adapter import BybitAdapter, create_bybit_adapter
from edgerunner.domain.market import Depth, MarketTrade

SECONDS = float(os.environ.get("EDGERUNNER_STREAM_SECONDS", "600"))
SYMBOLS = int(os.environ.get("EDGERUNNER_STREAM_SYMBOLS", "200"))
SETTLE_S = 10.0
STEPS_PER_S = 10
BUCKET_NS = 100_000
BUCKETS = 100_000
STOP_TIMEOUT_S = 20.0


class Histogram:
    """Counts of lags in steps of 0.1 ms up to 10 s: its size does not grow with the run."""

    def __init__(self) -> None:
        self.counts = [0] * BUCKETS
        self.total = 0

    def add(self, lag_ns: int) -> None:
        self.counts[min(max(lag_ns, 0) // BUCKET_NS, BUCKETS - 1)] += 1
        self.total += 1

    def percentile_ms(self, share: float) -> float:
        wanted, seen = share / 100 * self.total, 0
        for bucket, count in enumerate(self.counts):
            seen += count
            if count and seen >= wanted:
                return (bucket + 1) * BUCKET_NS / 1e6
        return 0.0


@dataclass
class Seen:
    """What arrived at the adapter's reader."""

    books: Histogram = field(default_factory=Histogram)
    trades: Histogram = field(default_factory=Histogram)
    symbols: set[str] = field(default_factory=set)
    crossed: int = 0
    downs: int = 0
    heard_at: float = field(default_factory=time.monotonic)
    longest_pause_s: float = 0

    def clear(self) -> None:
        self.books, self.trades, self.crossed, self.downs = Histogram(), Histogram(), 0, 0
        self.heard_at, self.longest_pause_s = time.monotonic(), 0

    def heard(self) -> None:
        now = time.monotonic()
        self.longest_pause_s, self.heard_at = max(self.longest_pause_s, now - self.heard_at), now


@dataclass
class Samples:
    """One row a second: seconds since the start, resident MB of the adapter's process, updates that wait.

    ``clock_jump_s`` is the most that the wall clock moved away from the monotonic one within a second: a machine that
    was put to sleep wakes up with a jump, and everything that was stamped before is late then.
    """

    at_s: list[float] = field(default_factory=list)
    resident_mb: list[float] = field(default_factory=list)
    waiting: list[float] = field(default_factory=list)
    clock_jump_s: float = 0
    apart_s: float = field(default_factory=lambda: time.time() - time.monotonic())

    def compare_clocks(self) -> None:
        """Note how far the clocks moved apart since the last time."""
        apart_s = time.time() - time.monotonic()
        self.clock_jump_s, self.apart_s = max(self.clock_jump_s, abs(apart_s - self.apart_s)), apart_s

    def slope(self, values: list[float]) -> float:
        """Growth per minute by least squares."""
        return linear_regression(self.at_s, values).slope * 60


def run() -> list[Measurement]:
    """Stream for `SECONDS` after `SETTLE_S` seconds of settling."""
    with simulator() as (process, port):
        return asyncio.run(_measure(process, port))


@contextmanager
def simulator() -> Iterator[tuple[psutil.Process, int]]:
    """`edgerunner sim bybit --symbols N` on free ports in a fresh data folder."""
    with tempfile.TemporaryDirectory() as folder:
        program = str(Path(sys.executable).with_name("edgerunner"))
        command = [program, "sim", "bybit", "--json", "--symbols", str(SYMBOLS)]
        command += ["--data-dir", folder, "--port", "0", "--control-port", "0"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            try:
                ready = json.loads((server.stdout and server.stdout.readline()) or "{}")
                yield psutil.Process(server.pid), int(ready["simulators"]["bybit"])
            finally:
                server.terminate()
                server.wait(timeout=STOP_TIMEOUT_S)


async def _measure(process: psutil.Process, port: int) -> list[Measurement]:
    adapter = create_bybit_adapter(
        connection_id="stream-200",
        environment=Environment.SIMULATED,
        credentials={"api_key": "sim-key", "api_secret": "sim-secret"},
        options={"base_url": f"http://127.0.0.1:{port}"},
        clock=time,
        random=random.Random(7),  # noqa: S311 - spreads retries, no secret
    )
    seen = Seen()
    await adapter.connect()
    tasks = [asyncio.create_task(_read(adapter, seen)), asyncio.create_task(_watch(adapter, seen))]
    try:
        ids = sorted(each.instrument_id for each in await adapter.search_instruments("SYN"))[:SYMBOLS]
        wanted = [MarketSubscription(feed=feed, instrument_id=i) for i in ids for feed in (Feed.DEPTH, Feed.TRADES)]
        await adapter.subscribe(wanted)
        await asyncio.sleep(SETTLE_S)
        return await _sustained(adapter, seen, process)
    finally:
        await adapter.disconnect()
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def _sustained(adapter: BybitAdapter, seen: Seen, simulator_process: psutil.Process) -> list[Measurement]:
    session, own = adapter._session, psutil.Process()  # noqa: SLF001 - a benchmark looks inside
    seen.clear()
    before, samples, started = session.public.counts(), Samples(), time.monotonic()
    busy = [each.cpu_times() for each in (own, simulator_process)]
    while (passed := time.monotonic() - started) < SECONDS:
        buffer = session.market_updates
        samples.at_s.append(passed)
        samples.compare_clocks()
        samples.resident_mb.append(own.memory_info().rss / 1e6)
        samples.waiting.append(len(buffer._queue) + len(buffer._changed))  # noqa: SLF001 - as above
        await asyncio.sleep(1)
    after = session.public.counts()
    cpu = [
        100 * (now.user + now.system - then.user - then.system) / passed
        for now, then in zip((each.cpu_times() for each in (own, simulator_process)), busy, strict=True)
    ]
    messages, books = after.messages - before.messages, seen.books.total
    half = len(samples.at_s) // 2
    later = Samples(at_s=samples.at_s[half:], resident_mb=samples.resident_mb[half:])
    gaps = after.holes - before.holes
    rows: list[tuple[str, float, str, float | None]] = [
        ("symbols heard", len(seen.symbols), "", None),
        ("seconds", passed, "s", None),
        ("messages", messages / passed, "/s", None),
        ("books delivered", books / passed, "/s", None),
        ("trades delivered", seen.trades.total / passed, "/s", None),
        ("books delivered of those the market makes", 100 * books / passed / STEPS_PER_S / SYMBOLS, "%", None),
        ("gaps in books (each asked for anew)", gaps, "", 0),
        ("connections opened again", after.connections - before.connections, "", 0),
        ("messages unreadable", after.unreadable - before.unreadable, "", 0),
        ("data link down", seen.downs, "times", 0),
        ("longest pause between updates", seen.longest_pause_s, "s", None),
        ("largest jump of the machine's clock", samples.clock_jump_s, "s", None),
        ("crossed books", seen.crossed, "", 0),
        ("trades dropped by a slow reader", session.market_updates.dropped, "", 0),
        ("waiting updates, most", max(samples.waiting), "", None),
        ("waiting updates, growth", samples.slope(samples.waiting), "/min", 5),
        ("resident memory, last", samples.resident_mb[-1], "MB", None),
        ("resident memory, growth in the second half", later.slope(later.resident_mb), "MB/min", 0.5),
        ("lag of books, p50", seen.books.percentile_ms(50), "ms", None),
        ("lag of books, p99", seen.books.percentile_ms(99), "ms", 50),
        ("lag of books, most", seen.books.percentile_ms(100), "ms", None),
        ("lag of trades, p50 (market steps of 100 ms included)", seen.trades.percentile_ms(50), "ms", None),
        ("lag of trades, p99 (market steps of 100 ms included)", seen.trades.percentile_ms(99), "ms", None),
        ("CPU of the adapter's process", cpu[0], "% of core", None),
        ("CPU of the simulator", cpu[1], "% of core", None),
    ]
    return [Measurement(name=f"stream: {name}", value=value, unit=unit, goal=goal) for name, value, unit, goal in rows]


async def _read(adapter: BybitAdapter, seen: Seen) -> None:
    async for update in adapter.stream_market_data():
        seen.heard()
        match update:
            case Depth():
                seen.books.add(time.time_ns() - update.ts_event_ns)
                seen.symbols.add(update.instrument_id)
                if update.bids and update.asks and update.bids[0][0] >= update.asks[0][0]:
                    seen.crossed += 1
            case MarketTrade():
                seen.trades.add(time.time_ns() - update.ts_event_ns)


async def _watch(adapter: BybitAdapter, seen: Seen) -> None:
    async for update in adapter.stream_updates():
        if isinstance(update, LinkHealth) and update.link == "data" and update.status is LinkStatus.DOWN:
            seen.downs += 1
