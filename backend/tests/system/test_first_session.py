"""What a stranger does first: start, trade every way there is, and watch each step on the stream."""

import asyncio
import gzip
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from edgerunner.domain.numbers import to_plain
from tests.system.product import CONNECTION_ID, Product
from tests.system.stream_log import StreamLog
from tests.waiting import until

pytestmark = pytest.mark.system

INSTRUMENT_ID = "BTCUSDT-LINEAR.BYBIT"
BARS = Path(__file__).resolve().parents[4] / "shared/market_data/crypto/bybit_linear_BTCUSDT_1m_2022-12-13.csv.gz"

Json = dict[str, Any]


@pytest_asyncio.fixture
async def product(tmp_path: Path) -> AsyncIterator[Product]:
    running = Product(tmp_path / "data", seed=3)
    running.data_dir.mkdir()
    try:
        await asyncio.to_thread(running.start)
        yield running
        assert await asyncio.to_thread(running.stop) == 0
    finally:
        running.end()


async def test_every_step_of_a_session_is_answered_and_streamed_without_a_hole(product: Product) -> None:
    await _trade_and_watch(product)


async def test_the_same_session_on_prices_replayed_from_a_file(product: Product) -> None:
    if not BARS.exists():
        pytest.skip("the recorded market data does not lie beside the repository")
    with gzip.open(BARS, "rt") as file:
        first = Decimal(file.read(200).splitlines()[1].split(",")[1])
    async with product.control() as control:
        replay = {"broker": "bybit", "symbol": "BTCUSDT", "replay": {"file": str(BARS), "speed": 30}}
        (await control.post("/sim/market", json=replay)).raise_for_status()
    async with product.client() as api:

        async def is_replayed() -> bool:
            last = Decimal(str((await _ticker(api))["last"]))
            return abs(last - first) < first / 100

        await until(is_replayed, timeout_s=20, what=f"the price is that of the file, {first}")
    await _trade_and_watch(product)


async def _trade_and_watch(product: Product) -> None:
    channels = ("orders", "fills", "positions", "account", f"pnl:{CONNECTION_ID}")
    key = (product.data_dir / "api_key").read_text().strip()
    async with product.client() as api, product.control() as control, StreamLog(product.url, key, channels) as stream:
        market = await _place(api, "market-1", side="buy", order_type="market", quantity="0.02")
        assert (market["status"], market["filled_quantity"]) == ("filled", "0.02")

        far = _on_tick(Decimal(str((await _ticker(api))["last"])) * Decimal("0.7"))
        resting = await _place(api, "limit-1", side="buy", order_type="limit", quantity="0.05", price=far)
        assert resting["status"] == "accepted"

        fill = {"broker": "bybit", "venue_order_id": resting["venue_order_id"], "quantity": "0.02"}
        (await control.post("/sim/fill", json=fill)).raise_for_status()
        partly = await _until_order(api, "limit-1", lambda order: order["status"] == "partially_filled")
        assert partly["filled_quantity"] == "0.02"

        nearer = _on_tick(Decimal(far) + 10)
        changed = (await api.patch("/orders/limit-1", json={"price": nearer, "quantity": "0.06"})).json()["order"]
        assert (changed["status"], changed["price"], changed["quantity"]) == ("partially_filled", nearer, "0.06")

        canceled = (await api.delete("/orders/limit-1")).json()["order"]
        assert (canceled["status"], canceled["filled_quantity"]) == ("canceled", "0.02")

        positions = (await api.get("/positions", params={"connection_id": CONNECTION_ID})).json()["positions"]
        held = next(position for position in positions if position["instrument_id"] == INSTRUMENT_ID)
        assert (held["side"], held["quantity"]) == ("long", "0.04")

        summary = (await api.get("/account/summary", params={"connection_id": CONNECTION_ID})).json()["accounts"]
        assert [account["environment"] for account in summary] == ["simulated"]

        closed = await api.post(
            "/positions/close", json={"connection_id": CONNECTION_ID, "instrument_id": INSTRUMENT_ID}
        )
        assert [result["ok"] for result in closed.json()["results"]] == [True]

        await until(lambda: _fills_told(stream, 3), timeout_s=20, what="three fills on the stream")
        assert stream.statuses("market-1")[0] == "submitted"
        assert stream.statuses("market-1")[-1] == "filled"
        assert stream.statuses("limit-1") == [
            "submitted",
            "accepted",
            "partially_filled",
            "pending_update",
            "partially_filled",
            "pending_cancel",
            "canceled",
        ]
        assert stream.holes == []


async def _place(api: httpx.AsyncClient, client_order_id: str, **terms: str) -> Json:
    body = {"connection_id": CONNECTION_ID, "instrument_id": INSTRUMENT_ID, "client_order_id": client_order_id}
    answer = await api.post("/trade", json={**body, **terms})
    assert answer.status_code == 201, answer.text
    order: Json = answer.json()["order"]
    if terms["order_type"] == "market":
        order = await _until_order(api, client_order_id, lambda found: found["status"] == "filled")
    return order


async def _until_order(api: httpx.AsyncClient, client_order_id: str, is_it: Any) -> Json:
    async def found() -> Json | None:
        answer = await api.get("/orders/status", params={"client_order_id": client_order_id})
        order: Json = answer.json()["orders"][0]
        return order if is_it(order) else None

    return await until(found, timeout_s=20, what=client_order_id)


async def _ticker(api: httpx.AsyncClient) -> Json:
    answer = await api.get("/market/ticker", params={"connection_id": CONNECTION_ID, "instrument_id": INSTRUMENT_ID})
    ticker: Json = answer.json()
    return ticker


async def _fills_told(stream: StreamLog, count: int) -> bool:
    told = {fill["trade_id"] for data in stream.deltas["fills"] for fill in data["fills"]}
    return len(told) >= count


def _on_tick(price: Decimal) -> str:
    return to_plain(price // Decimal("0.1") * Decimal("0.1"))
