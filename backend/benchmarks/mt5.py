"""What calls of the simulated MetaTrader 5 module take: 20,000 mixed ones, and the memory they leave behind.

Run by name: `run.py mt5`. Broker and terminal are a process of their own, the module is in this one, as with a user's
program. A round is twenty calls: prices, account, records, bars and ticks, a check, and an order with its close.
"""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import psutil
from measurement import Measurement, percentile

from edgerunner.simulators.faults import FaultBox
from edgerunner.simulators.mt5.module import create_module
from edgerunner.simulators.mt5.server import create_server
from edgerunner.simulators.mt5.settings import BROKER, TERMINAL_VARIABLE
from edgerunner.simulators.mt5.venue import Mt5Venue
from edgerunner.simulators.venue_state import VenueSettings

ROUNDS: Final = 1_000
WARM_UP: Final = 20
SYMBOLS: Final = ("EURUSD", "GBPUSD", "XAUUSD")
HOST: Final = "127.0.0.1"
MEGABYTE: Final = 1 << 20
TRADES: Final = "order_send"

Calls = list[tuple[str, Callable[[], Any]]]


def run() -> list[Measurement]:
    """Measure the calls of all rounds, and what both processes grow by after the first ones."""
    with simulator() as (server, port):
        os.environ[TERMINAL_VARIABLE] = f"{HOST}:{port}"
        mt5 = create_module()
        if not mt5.initialize():
            raise RuntimeError(f"no terminal: {mt5.last_error()}")
        client = psutil.Process()
        _rounds(mt5, WARM_UP)
        before = client.memory_info().rss, server.memory_info().rss
        started = time.perf_counter()
        taken = _rounds(mt5, ROUNDS)
        elapsed = time.perf_counter() - started
        after = client.memory_info().rss, server.memory_info().rss
        mt5.shutdown()
    return _measurements(taken, elapsed, [(late - early) / MEGABYTE for early, late in zip(before, after, strict=True)])


@contextmanager
def simulator() -> Iterator[tuple[psutil.Process, int]]:
    """Run `serve` of this file in a process of its own; yields it and the port of its terminal."""
    command = [sys.executable, str(Path(__file__).resolve())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            port = int((server.stdout and server.stdout.readline()) or 0)
            yield psutil.Process(server.pid), port
        finally:
            server.terminate()


async def serve() -> None:
    """Serve a terminal on a free port, which is printed, until the process is ended."""
    faults = FaultBox([BROKER])
    venue = Mt5Venue(faults, VenueSettings(ledger_path=None, wall=time.time_ns))
    server = create_server(venue, faults, host=HOST, port=0)
    await server.start()
    print(server.port, flush=True)
    await venue.run()


def _rounds(mt5: ModuleType, count: int) -> dict[str, list[float]]:
    """Make the calls of so many rounds; returns milliseconds by call."""
    taken: dict[str, list[float]] = {}
    for symbol, _ in zip(cycle(SYMBOLS), range(count), strict=False):
        for name, call in _calls(mt5, symbol):
            started = time.perf_counter()
            value = call()
            taken.setdefault(name, []).append((time.perf_counter() - started) * 1000)
            if value is None:
                raise RuntimeError(f"{name} failed: {mt5.last_error()}")
        _close(mt5, symbol, taken)
    return taken


def _calls(mt5: ModuleType, symbol: str) -> Calls:
    order = {"action": mt5.TRADE_ACTION_DEAL, "symbol": symbol, "volume": 0.1, "type": mt5.ORDER_TYPE_BUY}
    order["type_filling"] = mt5.ORDER_FILLING_IOC if symbol != "GBPUSD" else mt5.ORDER_FILLING_FOK
    tick = ("symbol_info_tick", lambda: mt5.symbol_info_tick(symbol))
    info = ("symbol_info", lambda: mt5.symbol_info(symbol))
    account = ("account_info", mt5.account_info)
    positions = ("positions_get", lambda: mt5.positions_get(symbol=symbol))
    now = mt5.symbol_info_tick(symbol).time
    return [
        *[tick, account, tick, positions, tick, info] * 2,
        ("orders_get", mt5.orders_get),
        ("copy_rates_from_pos", lambda: mt5.copy_rates_from_pos(symbol, mt5.TIMEFRAME_M1, 0, 60)),
        ("copy_ticks_from", lambda: mt5.copy_ticks_from(symbol, now - 10, 100, mt5.COPY_TICKS_ALL)),
        ("history_deals_get", lambda: mt5.history_deals_get(now - 60, now + 60)),
        ("order_check", lambda: mt5.order_check(order)),
        ("order_calc_margin", lambda: mt5.order_calc_margin(0, symbol, 0.1, 1.0)),
        (TRADES, lambda: mt5.order_send(order)),
    ]


def _close(mt5: ModuleType, symbol: str, taken: dict[str, list[float]]) -> None:
    (position,) = mt5.positions_get(symbol=symbol)
    order = {"action": 1, "symbol": symbol, "volume": 0.1, "type": 1, "position": position.ticket}
    order["type_filling"] = mt5.ORDER_FILLING_IOC if symbol != "GBPUSD" else mt5.ORDER_FILLING_FOK
    started = time.perf_counter()
    result = mt5.order_send(order)
    taken[TRADES].append((time.perf_counter() - started) * 1000)
    if result.retcode != mt5.TRADE_RETCODE_DONE:
        raise RuntimeError(f"{symbol} is not closed: {result.retcode} {result.comment}")


def _measurements(taken: dict[str, list[float]], elapsed_s: float, growth: list[float]) -> list[Measurement]:
    every = [each for samples in taken.values() for each in samples]
    short = [each for name, samples in taken.items() if not name.startswith("copy_") for each in samples]
    found = [
        Measurement(name="mt5: calls measured", value=len(every), unit="calls"),
        Measurement(name="mt5: calls a second, one module", value=len(every) / elapsed_s, unit="/s"),
        Measurement(name="mt5: all calls, p50", value=percentile(every, 50), unit="ms"),
        Measurement(name="mt5: all calls, p99", value=percentile(every, 99), unit="ms"),
        Measurement(name="mt5: all calls but histories, p99", value=percentile(short, 99), unit="ms"),
        Measurement(name="mt5: order_send, p50", value=percentile(taken[TRADES], 50), unit="ms"),
        Measurement(name="mt5: order_send, p99", value=percentile(taken[TRADES], 99), unit="ms"),
    ]
    found += [
        Measurement(name=f"mt5: {name}, p50", value=percentile(samples, 50), unit="ms")
        for name, samples in sorted(taken.items())
        if name.startswith("copy_")
    ]
    names = ("module's process", "simulator's process")
    return found + [
        Measurement(name=f"mt5: memory gained, {name}", value=value, unit="MiB")
        for name, value in zip(names, growth, strict=True)
    ]


if __name__ == "__main__":
    asyncio.run(serve())
