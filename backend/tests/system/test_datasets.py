"""History of the simulated Bybit, fetched by the real program over the wire, through a kill -9."""

import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from edgerunner.backtest.columns import Floats, Integers
from edgerunner.storage.catalogue import Catalogue
from edgerunner.storage.datasets import FOLDER
from tests.system.product import CONNECTION_ID, Product
from tests.waiting import until

pytestmark = pytest.mark.system

LINEAR_ID = "BTCUSDT-LINEAR.BYBIT"
DAYS = 30
DAY_S = 86_400
PATIENCE_S = 90

Json = dict[str, Any]


def run_data(product: Product, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run `edgerunner data` on the product's data folder."""
    return subprocess.run(
        [sys.executable, "-m", "edgerunner.cli", "data", *arguments, "--json"],
        env={**os.environ, "EDGERUNNER_DATA_DIR": str(product.data_dir)},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


async def until_rows(http: httpx.AsyncClient, dataset_id: str, rows: int) -> Json:
    async def enough() -> Json | None:
        dataset: Json = (await http.get(f"/datasets/{dataset_id}")).json()
        return dataset if dataset["rows"] >= rows else None

    return await until(enough, timeout_s=PATIENCE_S, what=f"{rows} rows are stored")


async def until_complete(http: httpx.AsyncClient, dataset_id: str) -> Json:
    async def complete() -> Json | None:
        dataset: Json = (await http.get(f"/datasets/{dataset_id}")).json()
        assert dataset["download"]["state"] in {"queued", "running", "completed"}, dataset["download"]
        return dataset if dataset["download"]["state"] == "completed" else None

    return await until(complete, timeout_s=PATIENCE_S, what="the download is complete")


async def test_a_killed_download_goes_on_and_leaves_no_gap(tmp_path: Path) -> None:
    product = Product(tmp_path / "data")
    product.start()
    try:
        start_s = (int(time.time()) // DAY_S - DAYS) * DAY_S
        start = time.strftime("%Y-%m-%d", time.gmtime(start_s))
        begun = await asyncio.to_thread(
            run_data, product, "download", LINEAR_ID, "--start", start, "--no-wait", "--url", product.url
        )
        assert begun.returncode == 0, begun.stderr
        dataset_id = json.loads(begun.stdout.splitlines()[-1])["dataset"]["dataset_id"]
        async with product.client() as http:
            before = await until_rows(http, dataset_id, 1)
        product.kill()
        assert before["download"]["state"] == "running", "the whole history came at once: fetch more days"
        left = Catalogue(product.data_dir / FOLDER).get(dataset_id)
        product.start()
        async with product.client() as http:
            dataset = await until_complete(http, dataset_id)
            bars = Catalogue(product.data_dir / FOLDER).read_bars(dataset_id)
            assert bars.time_ms[0] == start_s * 1000
            assert np.all(np.diff(bars.time_ms) == 60_000)
            assert dataset["rows"] == len(bars) >= DAYS * 1440
            assert bars.time_ms[-1] + 60_000 <= time.time() * 1000
            assert Catalogue(product.data_dir / FOLDER).get(dataset_id).parts[: len(left.parts)] == left.parts
            await assert_as_the_broker_says(http, bars.time_ms, bars.close)
        listed = run_data(product, "list")
        assert json.loads(listed.stdout)["dataset"]["rows"] == dataset["rows"]
    finally:
        product.end()


async def assert_as_the_broker_says(http: httpx.AsyncClient, time_ms: Integers, close: Floats) -> None:
    """Compare a day around the first seam of two parts with what the broker answers now."""
    window = slice(19_500, 20_500)
    query = {
        "connection_id": CONNECTION_ID,
        "instrument_id": LINEAR_ID,
        "timeframe": "1m",
        "start": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(time_ms[window][0]) // 1000)),
        "limit": "1000",
        "end": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(time_ms[window][-1]) // 1000 + 60)),
    }
    answer = (await http.get("/market/ohlc", params=query)).json()
    assert [float(bar["close"]) for bar in answer["bars"]] == close[window].tolist()
