"""Signals against the real product: webhooks arrive as TradingView sends them, the simulators' ledger judges."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.system.product import CONNECTION_ID, Product
from tests.waiting import until

pytestmark = pytest.mark.system

INSTRUMENT_ID = "BTCUSDT-LINEAR.BYBIT"
STRATEGY_ID = "tv"

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


async def make_strategy(api: httpx.AsyncClient) -> str:
    """Make and start a signal strategy; return its secret."""

    async def is_ready() -> bool:
        return (await api.get("/readyz")).status_code == 200

    await until(is_ready, timeout_s=30, what="orders are taken")
    created = await api.post(
        "/strategies",
        json={
            "strategy_id": STRATEGY_ID,
            "class": "SignalStrategy",
            "parameters": {"quantity": 0.01, "maximum_quantity": 1},
            "connection_id": CONNECTION_ID,
            "instrument_ids": [INSTRUMENT_ID],
            "timeframe": "1m",
        },
    )
    assert created.status_code == 201, created.text
    assert (await api.post(f"/strategies/{STRATEGY_ID}/start")).status_code == 200
    renewed = await api.post(f"/strategies/{STRATEGY_ID}/signal-secret")
    assert renewed.status_code == 201, renewed.text
    return str(renewed.json()["secret"])


async def post(url: str, message: Json) -> httpx.Response:
    """Send an alert with no header of our own."""
    async with httpx.AsyncClient(base_url=url, timeout=3, trust_env=False) as stranger:
        return await stranger.post(
            f"/signals/{STRATEGY_ID}", content=json.dumps(message), headers={"Content-Type": "text/plain"}
        )


async def ledger(product: Product) -> Json:
    async with product.control() as control:
        return dict((await control.get("/sim/ledger", params={"broker": "bybit"})).json())


async def settled(api: httpx.AsyncClient, signal_id: str) -> Json:
    async def look() -> Json | None:
        listed = (await api.get(f"/strategies/{STRATEGY_ID}/signals")).json()["signals"]
        found = [signal for signal in listed if signal["signal_id"] == signal_id]
        return dict(found[0]) if found and found[0]["state"] != "accepted" else None

    return await until(look, timeout_s=30, what=f"signal {signal_id} is settled")


async def test_a_webhook_sent_five_times_is_one_order_and_a_close_ends_it(product: Product) -> None:
    async with product.client() as api:
        secret = await make_strategy(api)
        answers = await asyncio.gather(
            *(post(product.url, {"secret": secret, "action": "buy", "id": "bar-1"}) for _ in range(5))
        )
        assert [answer.status_code for answer in answers] == [202] * 5
        (signal_id,) = {answer.json()["signal_id"] for answer in answers}
        assert (await settled(api, signal_id))["state"] == "acted"

        assert (await post(product.url, {"secret": "whsec_wrong", "action": "sell"})).status_code == 401
        await until(lambda: _held(product, 0.01), timeout_s=20, what="the broker holds what was bought")

        closing = (await post(product.url, {"secret": secret, "action": "close"})).json()["signal_id"]
        assert (await settled(api, closing))["state"] == "acted"
        await until(lambda: _held(product, 0), timeout_s=20, what="the broker holds nothing")
        placed = {order["client_key"]: order["placements"] for order in (await ledger(product))["orders"]}
        assert placed == {signal_id: 1, closing: 1}
        assert secret not in product.log()


async def _held(product: Product, quantity: float) -> bool:
    (account,) = (await ledger(product))["accounts"]
    return sum(float(position["quantity"]) for position in account["positions"]) == quantity


async def test_signals_accepted_before_a_kill_are_acted_on_once_after_it(product: Product) -> None:
    async with product.client() as api, product.control() as control:
        secret = await make_strategy(api)
        (await control.post("/sim/hold", json={"broker": "bybit", "at": "received"})).raise_for_status()
        first = (await post(product.url, {"secret": secret, "action": "buy", "id": "1"})).json()["signal_id"]
        second = (await post(product.url, {"secret": secret, "action": "buy", "id": "2"})).json()["signal_id"]
    await asyncio.to_thread(product.kill)
    async with product.control() as control:
        (await control.post("/sim/release", json={"broker": "bybit"})).raise_for_status()
    await asyncio.to_thread(product.start)

    async with product.client() as api:
        for signal_id in (first, second):
            assert (await settled(api, signal_id))["state"] == "acted"
        resent = await post(product.url, {"secret": secret, "action": "buy", "id": "2"})
        assert resent.json() == {"signal_id": second, "duplicate": True}
        placed = {order["client_key"]: order["placements"] for order in (await ledger(product))["orders"]}
        assert set(placed) <= {first, second}
        assert set(placed.values()) == {1}
        assert second in placed
