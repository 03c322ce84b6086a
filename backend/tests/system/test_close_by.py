"""Two opposite tickets of a MetaTrader 5 hedging account closed by each other over HTTP."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.system.product import Product
from tests.waiting import until

pytestmark = pytest.mark.system

MT5 = "mt5-sim"
EURUSD = {"connection_id": MT5, "instrument_id": "EURUSD.MT5"}

Json = dict[str, Any]


@pytest_asyncio.fixture
async def product(tmp_path: Path) -> AsyncIterator[Product]:
    running = Product(tmp_path / "data", seed=5)
    running.data_dir.mkdir()
    try:
        await asyncio.to_thread(running.start)
        yield running
        assert await asyncio.to_thread(running.stop) == 0
    finally:
        running.end()


async def test_opposite_tickets_close_each_other_and_the_rest_of_the_larger_one_stays(product: Product) -> None:
    async with product.client() as api:

        async def is_ready() -> bool:
            connections = (await api.get("/broker/connections")).json()["connections"]
            return any((each["connection_id"], each["status"]) == (MT5, "connected") for each in connections)

        await until(is_ready, timeout_s=40, what="mt5-sim is connected")
        long = await _opened(api, "buy", "0.3")
        short = await _opened(api, "sell", "0.1")
        wrong = await api.post("/positions/close-by", json=_pair(long, "4711"))
        assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "opposite_position_id")
        closed = await api.post("/positions/close-by", json=_pair(long, short))
        assert closed.status_code == 200, closed.text
        client_order_id = closed.json()["order"]["client_order_id"]

        async def is_filled() -> Json | None:
            answer = (await api.get("/orders/status", params={"client_order_id": client_order_id})).json()
            order: Json = answer["orders"][0]
            return order if order["status"] == "filled" else None

        order = await until(is_filled, timeout_s=20, what="the closing order is filled")
        assert (order["side"], order["filled_quantity"], order["position_id"]) == ("sell", "0.1", long)

        async def is_left() -> bool:
            return await _held(api) == {long: Decimal("0.2")}

        await until(is_left, timeout_s=20, what="the rest of the larger position is what is left")
        again = await api.post("/positions/close-by", json=_pair(long, short))
        assert (again.status_code, again.json()["errors"][0]["field"]) == (422, "opposite_position_id")
        events = (await api.get(f"/orders/{client_order_id}/events")).json()["events"]
        assert events[0]["data"]["terms"]["opposite_position_id"] == short
        await _close_from_the_command_line(product, long, await _opened(api, "sell", "0.2"))

        async def is_flat() -> bool:
            return await _held(api) == {}

        await until(is_flat, timeout_s=20, what="both positions are gone")


async def _close_from_the_command_line(product: Product, position: str, opposite: str) -> None:
    words = ("trade", "close", "--connection", MT5, "--position", position, "--by", opposite, "--json")
    where = ("--url", product.url, "--data-dir", str(product.data_dir))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "edgerunner.cli", *words, *where, stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0
    assert json.loads(printed)["order"]["side"] == "sell"


def _pair(position_id: str, opposite_position_id: str) -> Json:
    return {"connection_id": MT5, "position_id": position_id, "opposite_position_id": opposite_position_id}


async def _opened(api: httpx.AsyncClient, side: str, quantity: str) -> str:
    before = await _held(api)
    body = {**EURUSD, "side": side, "order_type": "market", "quantity": quantity}
    placed = await api.post("/trade", json=body)
    assert placed.status_code == 201, placed.text

    async def new() -> str | None:
        return next(iter(set(await _held(api)) - set(before)), None)

    return await until(new, timeout_s=20, what=f"the {side} position is there")


async def _held(api: httpx.AsyncClient) -> dict[str, Decimal]:
    positions = (await api.get("/positions", params={"connection_id": MT5})).json()["positions"]
    return {each["position_id"]: Decimal(each["quantity"]) for each in positions if each["side"] != "flat"}
