"""SIGTERM: what runs ends in order, what is under way is written down, and the next start knows all of it."""

import asyncio
import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.system.product import CONNECTION_ID, Product
from tests.unit.test_deployment_files import DRAIN_S
from tests.waiting import until

pytestmark = pytest.mark.system

SERVICE_RESTART = 1012
ORDER = {
    "connection_id": CONNECTION_ID,
    "instrument_id": "BTCUSDT-LINEAR.BYBIT",
    "side": "buy",
    "order_type": "limit",
    "quantity": "0.01",
    "price": "20000",
    "client_order_id": "UNDERWAY",
}

Json = dict[str, Any]


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    product = Product(tmp_path / "data", environment={"EDGERUNNER_LOG_LEVEL": "info"})
    product.start()
    yield product
    product.end()


async def break_replies(product: Product, fault: str, **params: object) -> None:
    request = {"broker": "bybit", "fault": fault, "count": 1, "match": {"op": "place"}, "params": params}
    async with product.control() as control:
        assert (await control.post("/sim/faults", json=request)).is_success


async def placements(product: Product) -> int | None:
    """Return how often the broker got the order; None while it did not."""
    async with product.control() as control:
        ledger = (await control.get("/sim/ledger", params={"broker": "bybit"})).json()
    return next((each["placements"] for each in ledger["orders"] if each["client_key"] == "UNDERWAY"), None)


async def reading(product: Product) -> ClientConnection:
    """Return a stream that is subscribed to orders."""
    stream = await connect(f"{product.url.replace('http', 'ws')}/ws/broker", proxy=None, max_size=None)
    key = (product.data_dir / "api_key").read_text().strip()
    await stream.send(json.dumps({"op": "authenticate", "token": key}))
    await stream.send(json.dumps({"op": "subscribe", "channel": "orders"}))
    async with asyncio.timeout(10):
        while json.loads(await stream.recv()).get("kind") != "snapshot":
            pass
    return stream


async def close_code(stream: ClientConnection) -> int | None:
    try:
        async with asyncio.timeout(DRAIN_S):
            while True:
                await stream.recv()
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else None


async def terminated(product: Product, *, again: bool = False) -> float:
    """Send SIGTERM, once or for ever, and return the seconds until the process ended with 0."""
    assert product.process is not None
    process, started = psutil.Process(product.process.pid), time.monotonic()
    children = process.children(recursive=True)
    process.send_signal(signal.SIGTERM)

    async def ended() -> bool:
        if again and product.process is not None and product.process.poll() is None:
            process.send_signal(signal.SIGTERM)
        return product.process is not None and product.process.poll() is not None

    await until(ended, timeout_s=DRAIN_S, what="the process has ended")
    assert product.process.returncode == 0, product.log()[-3000:]
    assert [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE] == []
    return time.monotonic() - started


async def restarted(product: Product) -> Json:
    """Start again, and return the order once nothing about it is open any more."""
    assert product.process is not None
    assert product.process.stdout is not None
    product.process.stdout.close()
    await asyncio.to_thread(product.start)
    async with product.client() as client:

        async def settled() -> Json | None:
            (order,) = (await client.get("/orders/status", params={"client_order_id": "UNDERWAY"})).json()["orders"]
            return order if order["status"] == "accepted" and order["outcome_unknown"] is None else None

        return await until(settled, timeout_s=30, what="the order is settled")


async def test_a_request_in_flight_is_answered_and_streams_are_closed_with_a_code(product: Product) -> None:
    await break_replies(product, "delay_reply", delay_s=2)
    stream = await reading(product)
    async with product.client() as client:
        posted = asyncio.create_task(client.post("/trade", json=ORDER, params={"wait_ms": "10000"}))
        await until(lambda: placements(product), timeout_s=10, what="the broker has the order")
        ending = asyncio.create_task(terminated(product))
        answer = await posted
        assert (answer.status_code, answer.json()["order"]["status"]) == (201, "accepted")
        assert await close_code(stream) == SERVICE_RESTART
        assert await ending < DRAIN_S
        with pytest.raises(httpx.ConnectError):
            await client.get("/healthz")
    order = await restarted(product)
    assert (order["filled_quantity"], await placements(product)) == ("0", 1)


async def test_an_order_that_nobody_answers_holds_nothing_up_and_is_settled_by_the_next_start(product: Product) -> None:
    await break_replies(product, "drop_reply")
    async with product.client() as client:
        posted = asyncio.create_task(client.post("/trade", json=ORDER, params={"wait_ms": "30000"}))
        await until(lambda: placements(product), timeout_s=10, what="the broker has the order")
        assert await terminated(product, again=True) < DRAIN_S
        outcome = await asyncio.gather(posted, return_exceptions=True)
        assert not isinstance(outcome[0], httpx.Response) or outcome[0].status_code in {201, 500, 503, 504}
    order = await restarted(product)
    assert (order["status"], await placements(product)) == ("accepted", 1)


async def test_a_running_strategy_ends_with_the_process_and_runs_again_after_it(product: Product) -> None:
    async with product.client() as client:
        assert (await client.post("/strategies/sample-sma/start")).is_success

        async def runs() -> bool:
            return bool((await client.get("/strategies/sample-sma")).json()["state"] == "running")

        await until(runs, timeout_s=30, what="the strategy runs")
        assert await terminated(product) < DRAIN_S
    assert product.process is not None
    assert product.process.stdout is not None
    product.process.stdout.close()
    await asyncio.to_thread(product.start)
    async with product.client() as client:

        async def runs_again() -> bool:
            return bool((await client.get("/strategies/sample-sma")).json()["state"] == "running")

        await until(runs_again, timeout_s=30, what="the strategy runs again")
