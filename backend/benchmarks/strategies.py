"""What strategies cost the API: latency of its calls with four hostile ones beside a good one, and their ends.

The same calls are timed in turns of a few seconds, with and without the hostile strategies, so that
both halves see the same machine. The share is that of the medians of the turns' 99th percentiles.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import httpx
from measurement import Measurement, percentile

TURNS = 5
TURN_S = 8.0
PAUSE_S = 0.004
"""Between two calls: a caller in a hurry, not a load test."""

STOP_TIMEOUT_S = 20.0
END_TIMEOUT_S = 30.0
_FILES = Path(__file__).resolve().parent.parent / "tests" / "system" / "strategy_files"
_HOSTILE = ("loop", "leak", "raise", "flood")


def run() -> list[Measurement]:
    """Time the calls and the hostile strategies' ends."""
    with tempfile.TemporaryDirectory() as folder, installation(Path(folder)) as api:
        _create(api, "good", "samples.Flip")
        api.post("/strategies/good/start").raise_for_status()
        for name in _HOSTILE:
            _create(api, name, f"hostile.{name.capitalize()}")
        _timed(api, TURN_S)
        calm: list[float] = []
        hostile: list[float] = []
        ends: dict[str, list[float]] = {name: [] for name in _HOSTILE}
        for _ in range(TURNS):
            calm.append(percentile(_timed(api, TURN_S), 99))
            for name in _HOSTILE:
                api.post(f"/strategies/{name}/start").raise_for_status()
            hostile.append(percentile(_timed(api, TURN_S), 99))
            for name, seconds in _ends(api).items():
                ends[name].append(seconds)
        fills = api.get("/strategies/good").json()["performance"]["fills"]
    return [
        Measurement(name="strategies: p99 of calls, one good strategy", value=1e3 * median(calm), unit="ms"),
        Measurement(name="strategies: p99 of calls, four hostile beside it", value=1e3 * median(hostile), unit="ms"),
        Measurement(name="strategies: share of both", value=median(hostile) / median(calm), unit="x", goal=1.2),
        *(
            Measurement(name=f"strategies: {name} ended after, longest", value=max(seconds), unit="s", goal=5.0)
            for name, seconds in ends.items()
        ),
        Measurement(
            name="strategies: fills of the good one meanwhile", value=fills, unit="", goal=1, higher_is_better=True
        ),
    ]


def _create(api: httpx.Client, strategy_id: str, class_name: str) -> None:
    body = {
        "strategy_id": strategy_id,
        "class": class_name,
        "connection_id": "bybit-sim",
        "instrument_ids": ["BTCUSDT-LINEAR.BYBIT"],
        "timeframe": "1s",
    }
    answer = api.post("/strategies", json=body)
    if answer.is_error:
        raise RuntimeError(answer.text)


def _timed(api: httpx.Client, seconds: float) -> list[float]:
    """Call the API for a while and return how long each call took."""
    taken: list[float] = []
    until = time.perf_counter() + seconds
    while (started := time.perf_counter()) < until:
        api.get("/orders/status", params={"status": "open", "limit": 50}).raise_for_status()
        taken.append(time.perf_counter() - started)
        time.sleep(PAUSE_S)
    return taken


def _ends(api: httpx.Client) -> dict[str, float]:
    """Wait until all hostile strategies have faulted; return the seconds from their misdeed to that."""
    deadline = time.monotonic() + END_TIMEOUT_S
    while any(api.get(f"/strategies/{name}").json()["state"] != "faulted" for name in _HOSTILE):
        if time.monotonic() > deadline:
            raise RuntimeError("a hostile strategy still runs")
        time.sleep(0.1)
    return {name: _lived(api, name) for name in _HOSTILE}


def _lived(api: httpx.Client, name: str) -> float:
    """Return how long a strategy lived after the line that it logs before it misbehaves."""
    lines = api.get(f"/strategies/{name}/log", params={"limit": 20}).json()["lines"]
    stamps = {line["text"].partition(" ")[0]: line["time"] for line in reversed(lines)}
    return _seconds(stamps["faulted:"]) - _seconds(stamps["begins"])


def _seconds(stamp: str) -> float:
    hours, minutes, seconds = stamp.partition("T")[2].removesuffix("Z").split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


@contextmanager
def installation(folder: Path) -> Iterator[httpx.Client]:
    """`edgerunner up` on free ports in a fresh data folder with the tests' strategy files."""
    strategies = folder / "strategies"
    strategies.mkdir()
    for file in _FILES.glob("*.txt"):
        (strategies / f"{file.stem}.py").write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    ports = {f"EDGERUNNER_{name}PORT": "0" for name in ("", "SIM_CONTROL_", "SIM_BYBIT_", "SIM_IBKR_", "SIM_MT5_")}
    with subprocess.Popen(
        [sys.executable, "-m", "edgerunner.cli", "up", "--json"],
        env={**os.environ, **ports, "EDGERUNNER_DATA_DIR": str(folder), "EDGERUNNER_LOG_LEVEL": "error"},
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        try:
            ready = json.loads((server.stdout and server.stdout.readline()) or "{}")
            if ready.get("event") != "ready":
                raise RuntimeError(f"edgerunner up did not become ready: {ready}")
            key = (folder / "api_key").read_text(encoding="utf-8").strip()
            headers = {"Authorization": f"Bearer {key}"}
            with httpx.Client(base_url=ready["url"], headers=headers, timeout=30, trust_env=False) as api:
                yield api
        finally:
            server.send_signal(signal.SIGTERM if sys.platform == "win32" else signal.SIGINT)
            server.wait(timeout=STOP_TIMEOUT_S)
