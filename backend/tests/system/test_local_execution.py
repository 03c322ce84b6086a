"""A paper account in the running product: marked everywhere, and the same book after a kill -9."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from edgerunner.domain.numbers import to_plain
from tests.system.product import Product
from tests.system.stream_log import StreamLog
from tests.waiting import until

pytestmark = pytest.mark.system

INSTRUMENT_ID = "BTCUSDT-LINEAR.BYBIT"
PAPER = "bybit-sim-local"

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


async def test_paper_account_is_marked_everywhere_and_never_live(product: Product) -> None:
    key = (product.data_dir / "api_key").read_text().strip()
    async with product.client() as api, StreamLog(product.url, key, ("connections", "account")) as stream:
        made = await _connect(api)
        assert (made["connection_id"], made["environment"], made["execution"]) == (PAPER, "simulated", "local")
        assert [account["live"] for account in made["accounts"]] == [False]
        assert made["status"] == "connected"
        bracket = {
            "take_profit": {"price": await _price(api, "1.1")},
            "stop_loss": {"trigger_price": await _price(api, "0.9")},
        }
        order = await _place(api, "paper-1", **bracket)
        assert order["status"] == "filled"
        (account,) = (await _get(api, "/account/summary"))["accounts"]
        assert (account["execution"], account["environment"], account["currency"]) == ("local", "simulated", "USDT")

        async def is_protected() -> bool:
            (position,) = (await _get(api, "/positions"))["positions"]
            return bool(
                position["protection"] == "local" and position["stop_loss"] == bracket["stop_loss"]["trigger_price"]
            )

        await until(is_protected, timeout_s=10, what="the position shows its exits and who watches them")
        portfolio = (await api.get("/portfolio")).json()
        worth = {each["connection_id"]: each["execution"] for each in portfolio["accounts"]}
        assert worth == {"bybit-sim": "broker", "ibkr-sim": "broker", "mt5-sim": "broker", PAPER: "local"}
        listed = (await api.get("/broker/connections")).json()["connections"]
        assert {each["connection_id"]: each["execution"] for each in listed} == worth

        async def is_streamed() -> bool:
            told = (str(stream.deltas[channel]) for channel in ("connections", "account"))
            return all(PAPER in each and "'execution': 'local'" in each for each in told)

        await until(is_streamed, timeout_s=10, what="the stream tells of the paper account")
    async with product.control() as control:
        ledger = (await control.get("/sim/ledger", params={"broker": "bybit"})).json()
    assert ledger["orders"] == []


async def test_same_book_after_a_kill_with_orders_resting(product: Product) -> None:
    async with product.client() as api:
        await _connect(api)
        await _place(api, "held", quantity="0.02")
        below, stop = await _price(api, "0.98"), await _price(api, "0.97")
        await _place(api, "resting", order_type="limit", price=below)
        await _place(api, "stop", side="sell", order_type="stop_market", trigger_price=stop)
        before = await _book(api)
    await asyncio.to_thread(product.kill)
    for share in ("0.95", "1.0"):  # through both while nobody watches
        await _set_price(product, Decimal(below) / Decimal("0.98") * Decimal(share))
    await asyncio.to_thread(product.start)
    async with product.client() as api:
        await until(lambda: _is_connected(api), timeout_s=30, what="the paper account is back")
        assert await _book(api) == before
        again = await api.post("/trade", json=_order("resting", order_type="limit", price=below))
        assert again.status_code in {200, 201, 409}
        assert await _book(api) == before
        await _set_price(product, Decimal(below) * Decimal("0.985"))

        async def both_filled() -> bool:
            orders = (await _get(api, "/orders/status", status="all"))["orders"]
            return {each["client_order_id"]: each["status"] for each in orders} == dict.fromkeys(
                ("held", "resting", "stop"), "filled"
            )

        await until(both_filled, timeout_s=20, what="the resting order and the stop fill once the market gets there")
        fills = (await _get(api, "/fills"))["fills"]
        assert {each["client_order_id"] for each in fills} == {"held", "resting", "stop"}
        assert {each["price"] for each in fills if each["client_order_id"] == "resting"} == {below}
        filled = sum(Decimal(each["quantity"]) for each in fills)
        assert filled == Decimal("0.02") + Decimal("0.01") + Decimal("0.01")
        alerts = [each for each in product.log().splitlines() if "position_adjusted" in each and PAPER in each]
        assert alerts == []


async def _set_price(product: Product, price: Decimal) -> None:
    async with product.control() as control:
        wanted = {"broker": "bybit", "symbol": "BTCUSDT", "price": to_plain(price // 1)}
        (await control.post("/sim/market", json=wanted)).raise_for_status()


async def _connect(api: httpx.AsyncClient) -> Json:
    body = {"broker": "bybit", "environment": "simulated", "execution": "local"}
    response = await api.post("/broker/connect", json=body)
    assert response.status_code == 201, response.text
    return dict(response.json())


def _order(client_order_id: str, **changes: object) -> Json:
    return {
        "connection_id": PAPER,
        "client_order_id": client_order_id,
        "instrument_id": INSTRUMENT_ID,
        "side": "buy",
        "order_type": "market",
        "quantity": "0.01",
        **changes,
    }


async def _place(api: httpx.AsyncClient, client_order_id: str, **changes: object) -> Json:
    response = await api.post("/trade", json=_order(client_order_id, **changes))
    assert response.status_code == 201, response.text
    return dict(response.json()["order"])


async def _price(api: httpx.AsyncClient, share: str) -> str:
    ticker = (await api.get("/market/ticker", params={"connection_id": PAPER, "instrument_id": INSTRUMENT_ID})).json()
    return to_plain(Decimal(ticker["bid"]) * Decimal(share) // 1)


async def _get(api: httpx.AsyncClient, path: str, **parameters: str) -> Json:
    response = await api.get(path, params={"connection_id": PAPER, **parameters})
    response.raise_for_status()
    return dict(response.json())


async def _book(api: httpx.AsyncClient) -> Json:
    """Return what must not change: orders, fills, the position's size and cost, and the money."""
    (position,) = (await _get(api, "/positions"))["positions"]
    (account,) = (await _get(api, "/account/summary"))["accounts"]
    return {
        "orders": (await _get(api, "/orders/status", status="all"))["orders"],
        "fills": (await _get(api, "/fills"))["fills"],
        "movements": (await _get(api, "/ledger"))["movements"],
        "position": (position["quantity"], position["average_price"]),
        "balance": account["balance"],
    }


async def _is_connected(api: httpx.AsyncClient) -> bool:
    connections = (await api.get("/broker/connections")).json()["connections"]
    return any(each["connection_id"] == PAPER and each["status"] == "connected" for each in connections)
