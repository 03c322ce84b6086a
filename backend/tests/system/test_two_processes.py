"""Two API processes over one journal: whatever Redis or the owner suffers, nothing is lost, doubled or reordered."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.system.desk_of_two import desk_of_two
from tests.system.processes import Redis
from tests.system.product import CONNECTION_ID
from tests.system.stream_log import StreamLog
from tests.waiting import until

pytestmark = pytest.mark.system

MARKET_ORDER = {
    "connection_id": CONNECTION_ID,
    "instrument_id": "BTCUSDT-LINEAR.BYBIT",
    "side": "buy",
    "order_type": "market",
    "quantity": "0.001",
}


@pytest.fixture
def redis() -> Iterator[Redis]:
    redis = Redis()
    yield redis
    redis.end()


async def test_orders_of_both_are_told_by_both_while_redis_hangs_dies_and_forgets(tmp_path: Path, redis: Redis) -> None:
    async with desk_of_two(tmp_path, seed=31, redis=redis) as desk:
        async with StreamLog(desk.owner.url, desk.replica.key(), ("orders", "fills")) as log_of_a:
            await desk.trade(30)
            redis.hang()
            await desk.trade(30)
            redis.wake()
            await asyncio.to_thread(redis.wipe)
            await desk.trade(30)
            await asyncio.to_thread(redis.kill)
            await desk.trade(30)
            await until(lambda: _redis_is(desk.clients[0], "down"), timeout_s=20, what="A says that Redis is down")
            await until(lambda: _redis_is(desk.clients[1], "down"), timeout_s=20, what="B says that Redis is down")
            assert (await desk.clients[0].get("/readyz")).status_code == 200
            await asyncio.to_thread(redis.start_again)
            await until(lambda: _redis_is(desk.clients[1], "up"), timeout_s=20, what="B has found Redis again")
            await desk.trade(30)
            assert await desk.disagreements() == []
            fills_of_a = [fill["trade_id"] for data in log_of_a.deltas["fills"] for fill in data["fills"]]
        fills_of_b = [fill["trade_id"] for data in desk.log.deltas["fills"] for fill in data["fills"]]
        assert fills_of_b == fills_of_a
        assert fills_of_b
        assert log_of_a.holes == []
        assert await _metric(desk.clients[1], "edgerunner_replica_corrections") == 0


async def test_killed_owner_comes_back_and_its_replicas_readers_notice_nothing(tmp_path: Path) -> None:
    async with desk_of_two(tmp_path, seed=32, redis=None) as desk:
        await desk.trade(30)
        under_way = asyncio.create_task(desk.session.run(60))
        await until(lambda: _has_begun(desk.session.statuses), timeout_s=60, what="commands are under way")
        await asyncio.to_thread(desk.owner.kill)
        await under_way
        b = desk.clients[1]
        refused = await b.post("/trade", json=MARKET_ORDER)
        assert (refused.status_code, refused.json()["code"]) == (503, "not_connected")
        assert (await b.get("/orders/status", params={"status": "all"})).status_code == 200
        assert (await b.get("/readyz")).status_code == 503
        await asyncio.to_thread(desk.owner.start)
        await until(lambda: _is_ready(b), timeout_s=30, what="B is ready with the owner")
        await desk.session.repeat_unanswered()
        await desk.trade(30)
        assert await desk.disagreements() == []
        assert len(desk.log.snapshots["orders"]) == 1


async def _redis_is(api: httpx.AsyncClient, status: str) -> bool:
    return bool((await api.get("/healthz")).json()["redis"]["status"] == status)


async def _has_begun(statuses: dict[int, int]) -> bool:
    return sum(statuses.values()) >= 45


async def _is_ready(api: httpx.AsyncClient) -> bool:
    return (await api.get("/readyz")).status_code == 200


async def _metric(api: httpx.AsyncClient, name: str) -> float:
    lines = (await api.get("/metrics")).text.splitlines()
    return next(float(line.split()[1]) for line in lines if line.startswith(f"{name} "))
