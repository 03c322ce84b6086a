"""A backup of a running installation, restored elsewhere: the same state, and trading goes on from it."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.system.product import CONNECTION_ID, Product
from tests.waiting import until

pytestmark = pytest.mark.system

Json = dict[str, Any]


@pytest.fixture
def installations(tmp_path: Path) -> Iterator[tuple[Product, Product]]:
    """One that runs, and an empty place for its copy."""
    products = Product(tmp_path / "first"), Product(tmp_path / "second")
    products[0].start()
    yield products
    for product in products:
        product.end()


async def edgerunner(*words: str, data_dir: Path) -> tuple[int, Json, str]:
    """Run a command; return its exit code, its last JSON line and what it wrote to stderr."""
    finished = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "edgerunner.cli", *words, "--json"],
        env={**os.environ, "EDGERUNNER_DATA_DIR": str(data_dir)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    lines = finished.stdout.splitlines()
    return finished.returncode, json.loads(lines[-1]) if lines else {}, finished.stderr


async def book(product: Product) -> Json:
    """Return orders, fills and positions of the simulated Bybit."""
    async with product.client() as client:
        orders = (await client.get("/orders/status", params={"connection_id": CONNECTION_ID, "status": "all"})).json()
        fills = (await client.get("/fills")).json()
        positions = (await client.get("/positions", params={"connection_id": CONNECTION_ID})).json()["positions"]
    held = {each["instrument_id"]: (each["side"], each["quantity"], each["average_price"]) for each in positions}
    return {"orders": orders["orders"], "fills": fills["fills"], "positions": held}


async def trade(product: Product, client_order_id: str, **terms: str) -> None:
    order = {
        "connection_id": CONNECTION_ID,
        "instrument_id": "BTCUSDT-LINEAR.BYBIT",
        "side": "buy",
        "order_type": "market",
        "quantity": "0.01",
        "client_order_id": client_order_id,
    }
    async with product.client() as client:
        answer = await client.post("/trade", json={**order, **terms}, params={"wait_ms": "20000"})
        assert answer.status_code == 201, answer.text


async def test_a_backup_of_a_running_installation_becomes_another_one_with_the_same_book(
    installations: tuple[Product, Product], tmp_path: Path
) -> None:
    first, second = installations
    archive = str(tmp_path / "saved.zip")
    await trade(first, "BOUGHT")
    await trade(first, "RESTING", order_type="limit", price="20000")

    async def is_booked() -> bool:
        booked = await book(first)
        statuses = {order["client_order_id"]: order["status"] for order in booked["orders"]}
        return statuses == {"BOUGHT": "filled", "RESTING": "accepted"} and bool(booked["positions"])

    await until(is_booked, timeout_s=30, what="both orders are booked")
    code, saved, error = await edgerunner("backup", archive, "--with-keys", "--with-data", data_dir=first.data_dir)
    assert code == 0, error
    code, _, error = await edgerunner("restore", archive, "--force", data_dir=first.data_dir)
    assert (code, "Another Edgerunner works in the data folder" in error) == (1, True)
    before = await book(first)
    await trade(first, "LATER")
    assert await asyncio.to_thread(first.stop) == 0

    code, restored, error = await edgerunner("restore", archive, data_dir=second.data_dir)
    assert code == 0, error
    assert restored["state_hash"] == saved["state_hash"]
    assert restored["tables"] == saved["tables"]
    code, verified, error = await edgerunner("backup", "verify", archive, data_dir=tmp_path)
    assert (code, verified["state_hash"]) == (0, saved["state_hash"]), error

    await asyncio.to_thread(second.start)
    assert (second.data_dir / "api_key").read_text() == (first.data_dir / "api_key").read_text()
    assert await book(second) == before
    assert {order["client_order_id"] for order in before["orders"]} == {"BOUGHT", "RESTING"}
    await trade(second, "AFTERWARDS")
