"""A long session with a crash in its middle: afterwards the API tells what the ledger tells."""

import asyncio
from pathlib import Path

import httpx
import pytest

from tests.system.agreement import differences
from tests.system.product import CONNECTION_ID, Product
from tests.system.random_session import RandomSession
from tests.waiting import until

pytestmark = pytest.mark.system

COMMANDS = 500


@pytest.mark.parametrize("seed", [11, 12, 13])
async def test_api_equals_ledger_after_a_kill_in_the_middle_of_500_random_commands(seed: int, tmp_path: Path) -> None:
    product = Product(tmp_path / f"data {seed}", seed=seed)
    product.data_dir.mkdir()
    clients: list[httpx.AsyncClient] = []
    try:
        await asyncio.to_thread(product.start)
        clients.append(product.client())
        session = RandomSession(seed, CONNECTION_ID, lambda: clients[-1])
        await session.read_prices()
        first_half = asyncio.create_task(session.run(COMMANDS // 2))
        await until(lambda: _has_started(session), timeout_s=60, what="a third of the first half is done")
        await asyncio.to_thread(product.kill)
        await first_half
        await asyncio.to_thread(product.start)
        clients.append(product.client())
        await session.repeat_unanswered()
        await session.run(COMMANDS - COMMANDS // 2)
        await session.repeat_unanswered()
        await clients[-1].post("/orders/cancel-all", json={"connection_id": CONNECTION_ID})
        async with product.control() as control:
            await until(lambda: _agrees(clients[-1], control), timeout_s=120, what=f"seed {seed}: API == ledger")
        assert await asyncio.to_thread(product.stop) == 0
    finally:
        for client in clients:
            await client.aclose()
        product.end()


async def _has_started(session: RandomSession) -> bool:
    return sum(session.statuses.values()) >= COMMANDS // 6


class _Differences(list[str]):
    """Differences as a condition: true when there are none."""

    def __bool__(self) -> bool:
        return len(self) == 0


async def _agrees(api: httpx.AsyncClient, control: httpx.AsyncClient) -> _Differences:
    return _Differences((await differences(api, control, CONNECTION_ID, "bybit"))[:10])
