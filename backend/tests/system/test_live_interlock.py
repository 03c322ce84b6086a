"""Real money needs two keys: proved on a mainnet-like Bybit, by what reached its ledger."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.system.product import Product
from tests.waiting import until

pytestmark = pytest.mark.system

LIVE_ID = "bybit-live"
ORDER = {
    "connection_id": LIVE_ID,
    "instrument_id": "BTCUSDT-LINEAR.BYBIT",
    "side": "buy",
    "order_type": "limit",
    "quantity": "0.001",
}


@asynccontextmanager
async def running(folder: Path, *, allow_live: bool) -> AsyncIterator[tuple[Product, httpx.AsyncClient]]:
    allowed = "true" if allow_live else "false"
    product = Product(folder, environment={"EDGERUNNER_ALLOW_LIVE": allowed, "EDGERUNNER_SIM_CONNECT": "false"})
    product.start()
    try:
        async with product.client() as api:
            yield product, api
    finally:
        product.end()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "data"
    made.mkdir()
    return made


async def connect(product: Product, api: httpx.AsyncClient) -> httpx.Response:
    async with product.control() as control:
        port = (await control.get("/sim/health")).json()["listening"]["bybit"]
    body = {
        "broker": "bybit",
        "environment": "live",
        "connection_id": LIVE_ID,
        "credentials": {"api_key": "sim-key", "api_secret": "sim-secret"},
        "options": {"base_url": f"http://127.0.0.1:{port}"},
    }
    return await api.post("/broker/connect", json=body)


async def placements(product: Product) -> int:
    async with product.control() as control:
        ledger = (await control.get("/sim/ledger", params={"broker": "bybit"})).json()
    return sum(order["placements"] for order in ledger["orders"])


async def resting_order(api: httpx.AsyncClient) -> dict[str, Any]:
    query = {"connection_id": LIVE_ID, "instrument_id": str(ORDER["instrument_id"])}
    ticker = (await api.get("/market/ticker", params=query)).json()
    return {**ORDER, "price": str(int(float(ticker["bid"]) * 0.95))}


async def test_a_live_account_is_not_connected_without_the_installations_switch(folder: Path) -> None:
    async with running(folder, allow_live=False) as (product, api):
        refused = await connect(product, api)
        assert (refused.status_code, refused.json()["code"]) == (403, "live_not_allowed")
        assert (await api.get("/broker/connections")).json()["connections"] == []


async def test_a_live_account_trades_only_while_armed_and_every_start_begins_disarmed(folder: Path) -> None:
    async with running(folder, allow_live=True) as (product, api):
        connected = await connect(product, api)
        assert connected.status_code == 201, connected.text
        (account,) = connected.json()["accounts"]
        assert account["live"] is True
        order = await resting_order(api)
        assert (await api.post("/trade", json=order)).status_code == 403
        assert await placements(product) == 0
        arm = {"connection_id": LIVE_ID, "account_id": account["account_id"], "minutes": 10}
        assert (await api.post("/risk/arm", json={**arm, "confirm": "LIVE"})).status_code == 422
        assert (await api.post("/trade", json=order)).status_code == 403
        assert (await api.post("/risk/arm", json={**arm, "confirm": account["account_id"]})).status_code == 200
        placed = await api.post("/trade", json=order)
        assert placed.json()["order"]["status"] == "accepted", placed.text
        assert await placements(product) == 1
        product.kill()
        product.start()
        async with product.client() as again:
            await until(lambda: _is_connected(again), timeout_s=60, what="the live connection is back")
            assert (await again.post("/trade", json=order)).status_code == 403
            working = placed.json()["order"]["client_order_id"]
            canceled = await again.delete(f"/orders/{working}")
            assert canceled.json()["order"]["status"] == "canceled", canceled.text
        assert await placements(product) == 1


async def _is_connected(api: httpx.AsyncClient) -> bool:
    (connection,) = (await api.get("/broker/connections")).json()["connections"]
    return bool(connection["status"] == "connected")
