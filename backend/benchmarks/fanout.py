"""What a second API process costs: how far its stream is behind the owner's, and what Redis does to the order path.

Real processes, the simulated Bybit, market orders. Latency is taken between two streams read by one
client, so both clocks are the same; throughput is compared with that of an owner without Redis.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import orjson
from measurement import Measurement, percentile
from websockets.asyncio.client import connect

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.system.processes import Redis, ReplicaProcess
from tests.system.product import CONNECTION_ID, Product
from tests.waiting import until

ORDERS = 100
BURST = 200
AT_ONCE = 8
BODY = {
    "connection_id": CONNECTION_ID,
    "instrument_id": "BTCUSDT-LINEAR.BYBIT",
    "order_type": "market",
    "quantity": "0.001",
}


def run() -> list[Measurement]:
    """Measure without Redis, with it, and while it hangs."""
    return asyncio.run(_run())


async def _run() -> list[Measurement]:
    redis = Redis()
    try:
        async with _desk(None) as desk:
            polled, alone = await desk.lags_ms(), await desk.orders_per_s()
        async with _desk(redis) as desk:
            rung, beside = await desk.lags_ms(), await desk.orders_per_s()
            redis.hang()
            hung_lags, hung = await desk.lags_ms(), await desk.orders_per_s()
    finally:
        redis.end()
    return [
        *_lags("with Redis", rung, goal=50),
        *_lags("without Redis", polled, goal=250),
        *_lags("while Redis hangs", hung_lags, goal=250),
        Measurement(name="orders at the owner without Redis", value=alone, unit="/s"),
        Measurement(name="the same with Redis", value=beside / alone, unit="x", goal=0.8, higher_is_better=True),
        Measurement(name="the same while Redis hangs", value=hung / alone, unit="x", goal=0.8, higher_is_better=True),
    ]


def _lags(name: str, lags_ms: list[float], *, goal: float) -> list[Measurement]:
    return [
        Measurement(name=f"replica's stream behind the owner's, {name}, p50", value=percentile(lags_ms, 50), unit="ms"),
        Measurement(
            name=f"replica's stream behind the owner's, {name}, p99",
            value=percentile(lags_ms, 99),
            unit="ms",
            goal=goal,
        ),
    ]


class _Desk:
    def __init__(self, owner: Product, replica: ReplicaProcess) -> None:
        self._owner = owner
        self._replica = replica

    async def lags_ms(self) -> list[float]:
        """Return how much later the replica told of each fill than the owner, one order at a time."""
        at_owner: dict[str, float] = {}
        at_replica: dict[str, float] = {}
        begun = asyncio.Barrier(3)
        readers = [
            asyncio.create_task(self._note_fills(self._owner.url, at_owner, begun)),
            asyncio.create_task(self._note_fills(self._replica.url, at_replica, begun)),
        ]
        try:
            async with asyncio.timeout(30):
                await begun.wait()
            async with self._owner.client() as api:
                for number in range(ORDERS):
                    await _trade(api, number)
                await until(lambda: _are_full(at_owner, at_replica), timeout_s=10, what="all fills are told")
        finally:
            for reader in readers:
                reader.cancel()
            await asyncio.gather(*readers, return_exceptions=True)
        return [(at_replica[name] - at_owner[name]) * 1000 for name in at_owner]

    async def orders_per_s(self) -> float:
        """Return how many market orders per second the owner carries out for several callers."""
        limit = asyncio.Semaphore(AT_ONCE)

        async def one(number: int) -> None:
            async with limit:
                await _trade(api, number)

        async with self._owner.client() as api:
            started = time.perf_counter()
            await asyncio.gather(*(one(number) for number in range(BURST)))
            return BURST / (time.perf_counter() - started)

    async def _note_fills(self, url: str, seen: dict[str, float], begun: asyncio.Barrier) -> None:
        async with connect("ws" + url.removeprefix("http") + "/ws/broker", proxy=None) as socket:
            await socket.send(orjson.dumps({"op": "authenticate", "token": self._replica.key()}), text=True)
            await socket.send(orjson.dumps({"op": "subscribe", "channel": "fills"}), text=True)
            async for text in socket:
                frame = orjson.loads(text)
                if frame["kind"] == "snapshot":
                    await begun.wait()
                if frame["kind"] == "delta":
                    now = time.perf_counter()
                    for fill in frame["data"]["fills"]:
                        seen.setdefault(fill["client_order_id"], now)


@asynccontextmanager
async def _desk(redis: Redis | None) -> AsyncIterator[_Desk]:
    environment = {} if redis is None else {"EDGERUNNER_REDIS_URL": redis.url}
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder) / "data"
        data_dir.mkdir()
        owner = Product(data_dir, environment={**environment, "EDGERUNNER_LOG_LEVEL": "warning"})
        replica = ReplicaProcess(data_dir, "", environment=environment)
        try:
            await asyncio.to_thread(owner.start)
            replica.owner_url = owner.url
            await asyncio.to_thread(replica.start)
            yield _Desk(owner, replica)
        finally:
            replica.end()
            owner.end()


async def _are_full(*seen: dict[str, float]) -> bool:
    return all(len(one) >= ORDERS for one in seen)


async def _trade(api: httpx.AsyncClient, number: int) -> None:
    answer = await api.post("/trade", json={**BODY, "side": "buy" if number % 2 else "sell"})
    answer.raise_for_status()
