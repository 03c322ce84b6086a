"""Backtests against the real product: results survive, killed runs are told, no process is left behind."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
import pytest_asyncio

from tests.api.test_backtests import ENDLESS, csv_of_bars, run_body, write_strategy
from tests.system.product import Product
from tests.waiting import until

pytestmark = pytest.mark.system

INSTRUMENT_ID = "BTCUSDT-LINEAR.BYBIT"

Json = dict[str, Any]


@pytest_asyncio.fixture
async def product(tmp_path: Path) -> AsyncIterator[Product]:
    running = Product(tmp_path / "data", seed=5, environment={"EDGERUNNER_SIM_CONNECT": "false"})
    running.data_dir.mkdir()
    try:
        await asyncio.to_thread(running.start)
        yield running
        assert await asyncio.to_thread(running.stop) == 0
    finally:
        running.end()


async def test_a_run_on_an_uploaded_file_leaves_a_report_that_outlives_a_kill(product: Product) -> None:
    async with product.client() as api:
        dataset_id = await _upload(api)
        done = await _ended(api, await _start(api, data={"dataset_id": dataset_id}))
        assert done["state"] == "completed", done["error"]
        write_strategy(product.data_dir, "endless", ENDLESS)
        unending = await _start(api, strategy="endless.Endless", parameters={}, data={"dataset_id": dataset_id})
        worker = await until(lambda: _worker(product), timeout_s=30, what="the second run's process has started")
    await asyncio.to_thread(product.kill)
    await until(lambda: _is_gone(worker), timeout_s=10, what="the run's process went with the API")
    await asyncio.to_thread(product.start)

    async with product.client() as api:
        failed = (await api.get(f"/backtest/runs/{unending}")).json()
        assert (failed["state"], failed["error"]["code"]) == ("failed", "interrupted")
        assert (await api.get(f"/backtest/runs/{done['run_id']}")).json() == done
        report = await api.get(f"/backtest/runs/{done['run_id']}/report")
        assert report.text.lstrip().lower().startswith("<!doctype html>")
        assert sorted(path.name for path in (product.data_dir / "backtests").iterdir()) == [done["run_id"]]


async def _upload(api: httpx.AsyncClient) -> str:
    files = {"file": ("saw.csv", csv_of_bars().encode(), "text/csv")}
    response = await api.post("/datasets", files=files, data={"instrument_id": INSTRUMENT_ID})
    assert response.status_code == 201, response.text
    return str(response.json()["dataset_id"])


async def _start(api: httpx.AsyncClient, **changes: Any) -> str:
    response = await api.post("/backtest/run", json=run_body(**changes))
    assert response.status_code == 202, response.text
    return str(response.json()["run_id"])


async def _ended(api: httpx.AsyncClient, run_id: str) -> Json:
    async def look() -> Json | None:
        run = (await api.get(f"/backtest/runs/{run_id}")).json()
        return dict(run) if run["state"] in {"completed", "failed"} else None

    return await until(look, timeout_s=60, what=f"run {run_id} has ended")


async def _worker(product: Product) -> psutil.Process | None:
    assert product.process is not None
    for child in psutil.Process(product.process.pid).children(recursive=True):
        try:
            if "edgerunner.backtest_worker" in child.cmdline():
                return child
        except psutil.Error:
            continue
    return None


async def _is_gone(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
