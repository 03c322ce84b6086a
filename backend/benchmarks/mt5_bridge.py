"""What the bridge adds to a call: the simulated terminal asked by its module directly, and through the bridge.

Run by name: `run.py mt5_bridge`. Terminal and bridge are one other process (`edgerunner sim mt5`), so that direct and
bridged calls meet the same terminal on the same busy processor; one keep-alive connection, one call after the other.
An order goes through two synced writes before the terminal is called and one after: its direct counterpart has none.
"""

import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from measurement import Measurement, percentile

from edgerunner.simulators.mt5.module import create_module

CALLS = 300
BARS = 100
ORDERS = 100
LOGIN = {"login": 1_000_001, "password": "sim-password", "server": "Edgerunner-Sim"}
ORDER = {"action": 1, "symbol": "EURUSD", "volume": 0.01, "type": 0, "type_filling": 1, "comment": "bench"}


def run() -> list[Measurement]:
    """Measure three calls and an order, both ways in turns."""
    with simulator() as (terminal, bridge):
        os.environ["EDGERUNNER_SIM_MT5_TERMINAL"] = f"127.0.0.1:{terminal}"
        direct = create_module("bench_terminal")
        if not direct.initialize(**LOGIN):
            raise RuntimeError(f"the simulated terminal: {direct.last_error()}")
        caller = Caller(bridge)
        return [*_calls(direct, caller), *_orders(direct, caller)]


@contextmanager
def simulator() -> Iterator[tuple[int, int]]:
    """`edgerunner sim mt5` on free ports in a fresh data folder; yields the terminal's and the bridge's port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        terminal = int(free.getsockname()[1])
    with tempfile.TemporaryDirectory() as folder:
        program = str(Path(sys.executable).with_name("edgerunner"))
        ports = ["--port", "0", "--control-port", "0", "--mt5-terminal-port", str(terminal)]
        command = [program, "sim", "mt5", "--json", "--data-dir", folder, *ports]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
            try:
                ready = json.loads((server.stdout and server.stdout.readline()) or "{}")
                yield terminal, int(ready["simulators"]["mt5"])
            finally:
                server.terminate()


class Caller:
    """One keep-alive connection to the bridge."""

    def __init__(self, port: int) -> None:
        self._http = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        self._headers = {"Authorization": "Bearer sim-token", "Content-Type": "application/json"}
        self._headers["Bridge-Lease"] = self.ask("/v1/lease", {"client": "bench"})["lease_id"]

    def ask(self, path: str, body: Mapping[str, Any], **headers: str) -> Any:
        self._http.request("POST", path, json.dumps(body), self._headers | headers)
        response = self._http.getresponse()
        answer = json.loads(response.read())
        if response.status >= 400:
            raise RuntimeError(f"the bridge refuses: {answer}")
        return answer


def _calls(direct: ModuleType, caller: Caller) -> list[Measurement]:
    bars = {"symbol": "EURUSD", "timeframe": 1, "start_pos": 0, "count": BARS}
    pairs: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {
        "account_info": (direct.account_info, lambda: caller.ask("/v1/calls/account_info", {})),
        "symbol_info_tick": (
            lambda: direct.symbol_info_tick("EURUSD"),
            lambda: caller.ask("/v1/calls/symbol_info_tick", {"symbol": "EURUSD"}),
        ),
        f"copy_rates_from_pos, {BARS} bars": (
            lambda: direct.copy_rates_from_pos("EURUSD", 1, 0, BARS),
            lambda: caller.ask("/v1/calls/copy_rates_from_pos", bars),
        ),
    }
    return [figure for name, pair in pairs.items() for figure in _compared(name, *pair, CALLS)]


def _orders(direct: ModuleType, caller: Caller) -> list[Measurement]:
    keys = iter(range(10 * ORDERS))

    def bridged() -> object:
        return caller.ask("/v1/calls/order_send", {"request": ORDER}, **{"Idempotency-Key": f"bench-{next(keys)}"})

    return _compared("order_send", lambda: direct.order_send(ORDER), bridged, ORDERS)


def _compared(name: str, direct: Callable[[], object], bridged: Callable[[], object], calls: int) -> list[Measurement]:
    """Time both in turns, so that whatever else the machine does meets both."""
    took: tuple[list[float], list[float]] = ([], [])
    for _ in range(calls):
        for call, samples in zip((direct, bridged), took, strict=True):
            begun = time.perf_counter()
            if call() is None:
                raise RuntimeError(f"{name} has no answer")
            samples.append((time.perf_counter() - begun) * 1e3)
    words = zip(("direct", "through the bridge"), took, strict=True)
    figures = [
        Measurement(name=f"{name}: {word}, {kind}", value=value, unit="ms")
        for word, samples in words
        for kind, value in (("p50", statistics.median(samples)), ("p99", percentile(samples, 99)))
    ]
    added = statistics.median(took[1]) - statistics.median(took[0])
    return [*figures, Measurement(name=f"{name}: what the bridge adds, p50", value=added, unit="ms")]
