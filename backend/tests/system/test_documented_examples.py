"""Every example that the pages print about strategies, data, signals and the first session runs as it is printed.

What is put in place of the printed words: addresses, ids, secrets, a path and dates. Left out are installing (`make`,
PowerShell) and what needs a terminal.
"""

import gzip
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import pytest

from edgerunner.strategies.strategy import Strategy
from tests.api.test_backtests import csv_of_bars
from tests.system.product import Product
from tests.waiting import until

pytestmark = pytest.mark.system

ROOT = Path(__file__).resolve().parents[3]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
SAMPLE_ID = "01JD8Z4K3V7Q2M5N9R1T6W8X0Y"
LINEAR_ID = "BTCUSDT-LINEAR.BYBIT"
BARS = 2_000

Json = dict[str, Any]

OWN_STRATEGY = """
from edgerunner import Strategy

class {name}(Strategy):
    def on_bar(self, bar):
        if self.position.quantity == 0 and not self.open_orders:
            self.buy(1)
"""


def blocks(page: str, language: str) -> list[str]:
    """Return the fenced blocks of a page, ``""`` for those without a language; raises when there are none."""
    found = [text for name, text in FENCE.findall((ROOT / page).read_text(encoding="utf-8")) if name == language]
    assert found, f"{page} prints no {language or 'plain'} block any more"
    return found


def mt5_export(rows: int) -> str:
    lines = ["<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>"]
    start = datetime(2024, 1, 8, tzinfo=UTC)
    for place in range(rows):
        time = start + timedelta(hours=place)
        lines.append(f"{time:%Y.%m.%d}\t{time:%H:%M:%S}\t1.10000\t1.10100\t1.09900\t1.10050\t100\t0\t3")
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    running = Product(tmp_path_factory.mktemp("data"), seed=7)
    try:
        running.start()
        yield running
    finally:
        running.end()


@pytest.fixture(scope="module")
def desk(product: Product, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reader's folder and home: the files that the pages name, and a curl that fails on an error status."""
    folder = tmp_path_factory.mktemp("desk")
    bars = csv_of_bars(BARS)
    (folder / "bars.csv").write_text(bars)
    (folder / "bars.csv.gz").write_bytes(gzip.compress(bars.encode()))
    pl.read_csv(folder / "bars.csv").write_parquet(folder / "bars.parquet")
    (folder / "EURUSD_H1.csv").write_text(mt5_export(100))
    (folder / "idea.py").write_text(OWN_STRATEGY.format(name="Idea"))
    (product.data_dir / "strategies").mkdir(exist_ok=True)
    (product.data_dir / "strategies" / "my_file.py").write_text(OWN_STRATEGY.format(name="MyClass"))
    (folder / ".curlrc").write_text('fail-with-body\nshow-error\nnoproxy = "*"\nmax-time = 60\n')
    home = folder / ".local" / "share" / "edgerunner"
    home.mkdir(parents=True)
    (home / "api_key").write_text((product.data_dir / "api_key").read_text())
    return folder


def lines_of(page: str, beginning: str) -> list[str]:
    """Return the lines of a page's plain blocks that begin so; raises when there are none."""
    found = [line for text in blocks(page, "") for line in text.splitlines() if line.startswith(beginning)]
    assert found, f"{page} prints no line {beginning} any more"
    return found


def with_words(text: str, words: Mapping[str, str]) -> str:
    for printed, real in words.items():
        text = text.replace(printed, real)
    return text


def in_shell(text: str, product: Product, desk: Path, instead: Mapping[str, str] | None = None) -> str:
    """Run printed lines in one shell that ends at the first error; return what they printed."""
    places = {
        "http://127.0.0.1:8000": product.url,
        "ws://127.0.0.1:8000": product.url.replace("http", "ws"),
        "http://127.0.0.1:8100": product.control_url,
        ".venv/bin/python": shlex.quote(sys.executable),
        **(instead or {}),
    }
    text = with_words(text, places)
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    finished = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text],  # noqa: S607 - the reader's own shell
        cwd=desk,
        env={
            **os.environ,
            "PATH": programs,
            "HOME": str(desk),
            "CURL_HOME": str(desk),
            "EDGERUNNER_DATA_DIR": str(product.data_dir),
            "EDGERUNNER_PORT": product.url.rsplit(":", 1)[1],
        },
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert finished.returncode == 0, f"{text}\n{finished.stdout[-2000:]}\n{finished.stderr[-2000:]}"
    return finished.stdout


def objects(printed: str) -> list[Json]:
    """Return the JSON objects that were printed one after the other."""
    found: list[Json] = []
    rest = printed.lstrip()
    while rest:
        value, end = json.JSONDecoder().raw_decode(rest)
        found.append(value)
        rest = rest[end:].lstrip()
    return found


async def uploaded(product: Product) -> str:
    async with product.client() as api:
        files = {"file": ("bars.csv", csv_of_bars(BARS).encode(), "text/csv")}
        response = await api.post("/datasets", files=files, data={"instrument_id": LINEAR_ID, "timeframe": "1m"})
        assert response.status_code == 201, response.text
        return str(response.json()["dataset_id"])


async def test_the_first_session_of_the_readme(product: Product, desk: Path) -> None:
    shell = [text for text in blocks("README.md", "sh") if "curl" in text and "/sim/market" not in text]
    async with httpx.AsyncClient(base_url=product.control_url) as control:  # a replay may have left other prices
        pinned = await control.post("/sim/market", json={"broker": "bybit", "symbol": "BTCUSDT", "price": "70000"})
        assert pinned.status_code == 200, pinned.text
    *_, history, resting, canceled = objects(in_shell("\n".join(shell), product, desk))
    assert history["orders"][0]["status"] == "filled"
    assert (resting["order"]["client_order_id"], resting["order"]["status"]) == ("resting-1", "accepted")
    assert canceled["order"]["status"] == "canceled"


def test_the_stream_and_the_replay_of_the_readme(product: Product, desk: Path) -> None:
    shell = blocks("README.md", "sh")
    (key,) = (line for text in shell for line in text.splitlines() if line.startswith("KEY="))
    (stream,) = (text for text in shell if "websockets" in text)
    answers = in_shell(f"{key}\n{stream}", product, desk, {"sleep 600": "sleep 5"})
    assert '"op":"authenticate"' in answers.replace(" ", "")
    assert '"kind":"snapshot"' in answers.replace(" ", "")
    (replay,) = (text for text in shell if "/sim/market" in text)
    in_shell(replay, product, desk, {"/path/to/bars.csv.gz": str(desk / "bars.csv.gz")})


async def test_the_lines_of_the_backtests_page(product: Product, desk: Path) -> None:
    dataset_id = await uploaded(product)
    lines = lines_of("docs/backtests.md", "edgerunner ")
    words = {SAMPLE_ID: dataset_id, "2024-01-01T00:00:00Z": "2023-11-15T00:00:00Z"}
    printed = in_shell("\n".join(lines), product, desk, words)
    assert (desk / "out.html").read_text().lstrip().lower().startswith("<!doctype html>")
    assert "total_return" in printed


async def test_the_requests_of_the_backtests_page(product: Product) -> None:
    (body,) = blocks("docs/backtests.md", "json")
    request = json.loads(body.replace(SAMPLE_ID, await uploaded(product)))
    more = [json.loads("{" + line.split("{...,")[1]) for line in lines_of("docs/backtests.md", "POST /backtest/run")]
    async with product.client() as api:
        for fields in ({}, *more):
            answer = await api.post("/backtest/run", json=request | fields)
            assert answer.status_code == 202, answer.text
            done = await _ended(api, answer.json()["run_id"])
            assert done["state"] == "completed", done["error"]


def test_the_python_of_the_pages(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(desk)
    names: Json = {}
    for page in ("docs/backtests.md", "docs/strategies.md"):
        names = {"__name__": "example"}
        for text in blocks(page, "python"):
            exec(compile(text, page, "exec"), names)  # noqa: S102 - our own page
        for line in lines_of(page, "run_backtest(") if page == "docs/backtests.md" else ():
            exec(compile(line, page, "exec"), names)  # noqa: S102 - our own page
        assert names["result"].orders, page
        assert (desk / "report.html").exists()
        (desk / "report.html").unlink()
    assert issubclass(names["TrendFollower"], Strategy)


def test_the_lines_of_the_data_page(product: Product, desk: Path) -> None:
    lines = lines_of("docs/data.md", "edgerunner ")
    yesterday = f"{datetime.now(UTC) - timedelta(hours=6):%Y-%m-%d}"
    *_, newest = in_shell("edgerunner data import bars.csv --instrument X.Y --json", product, desk).splitlines()
    known = json.loads(newest)["dataset"]
    in_shell("\n".join(lines), product, desk, {"2026-10-01": yesterday, "DATASET_ID": known["dataset_id"]})
    listed = in_shell("edgerunner data list --json", product, desk)
    assert known["dataset_id"] not in listed
    assert "EURUSD.MT5" in listed
    assert LINEAR_ID in listed


async def test_the_setting_up_and_the_alerts_of_the_signals_page(product: Product, desk: Path) -> None:
    (setting_up,) = blocks("docs/signals.md", "bash")
    secret = objects(in_shell(setting_up, product, desk))[-1]["secret"]
    words = {"{{strategy.order.action}}": "sell", "{{strategy.order.contracts}}": "0.02", "whsec_...": secret}
    async with product.client() as api:
        await until(lambda: _is_running(api, "breakout"), timeout_s=60, what="the strategy runs")
        for alert in blocks("docs/signals.md", "json"):
            message = with_words(alert, words)
            answer = await api.post("/signals/breakout", content=message, headers={"Content-Type": "text/plain"})
            assert (answer.status_code, answer.json()["duplicate"]) == (202, False), answer.text


async def test_the_calls_of_the_hosting_page(product: Product) -> None:
    (text,) = blocks("docs/strategy-hosting.md", "")
    body = re.search(r"^POST /strategies\s+(\{.*?\})$", text, flags=re.MULTILINE | re.DOTALL)
    assert body is not None
    async with product.client() as api:
        made = await api.post("/strategies", json=json.loads(body[1]))
        assert made.status_code == 201, made.text
        assert (await api.post("/strategies/sma/start")).is_success
        await until(lambda: _is_running(api, "sma"), timeout_s=60, what="the strategy runs")
        for call in ("pause", "stop"):
            answer = await api.post(f"/strategies/sma/{call}")
            assert answer.is_success, answer.text
        for page in ("/strategies/sma", "/strategies/sma/log"):
            assert (await api.get(page)).is_success


async def _ended(api: httpx.AsyncClient, run_id: str) -> Json:
    async def look() -> Json | None:
        run: Json = (await api.get(f"/backtest/runs/{run_id}")).json()
        return run if run["state"] in {"completed", "failed"} else None

    return await until(look, timeout_s=120, what=f"run {run_id} has ended")


async def _is_running(api: httpx.AsyncClient, strategy_id: str) -> bool:
    strategy: Json = (await api.get(f"/strategies/{strategy_id}")).json()
    return bool(strategy["state"] == "running" and strategy["live"])
