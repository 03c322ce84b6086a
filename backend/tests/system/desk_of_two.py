"""Two API processes over one data folder, simulators, and Redis where a test wants it; and what must hold of them."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.system.agreement import differences, pages
from tests.system.processes import Redis, ReplicaProcess, free_port
from tests.system.product import CONNECTION_ID, Product
from tests.system.random_session import RandomSession
from tests.system.stream_log import StreamLog
from tests.waiting import until

Json = dict[str, Any]

CHANNELS = ("orders", "fills")


@dataclass
class DeskOfTwo:
    """The owner A, its replica B, a session that sends commands to both in turn, and a reader of B's stream."""

    seed: int
    owner: Product
    replica: ReplicaProcess
    log: StreamLog
    clients: list[httpx.AsyncClient] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._turns: Iterator[int] = itertools.count()
        self.session = RandomSession(self.seed, CONNECTION_ID, self._client)

    async def trade(self, commands: int) -> None:
        """Send random commands to both, and those without an answer once more with the same key."""
        await self.session.run(commands)
        await self.session.repeat_unanswered()

    async def disagreements(self) -> list[str]:
        """Return what differs between the simulators' ledger, B's answers and B's stream, once all is quiet."""
        b = self.clients[1]
        await b.post("/orders/cancel-all", json={"connection_id": CONNECTION_ID})
        async with self.owner.control() as control:
            await until(lambda: self._agrees(b, control), timeout_s=60, what=f"seed {self.seed}: B's answers == ledger")
        await until(lambda: self._has_told_all(b), timeout_s=10, what=f"seed {self.seed}: the stream == the journal")
        return [*self.log.holes, *self._repeats(), *await self._untold(b)]

    def _client(self) -> httpx.AsyncClient:
        return self.clients[next(self._turns) % len(self.clients)]

    async def _agrees(self, b: httpx.AsyncClient, control: httpx.AsyncClient) -> "_Quiet":
        return _Quiet((await differences(b, control, CONNECTION_ID, "bybit"))[:10])

    async def _has_told_all(self, b: httpx.AsyncClient) -> "_Quiet":
        return _Quiet(await self._untold(b))

    async def _untold(self, b: httpx.AsyncClient) -> list[str]:
        """Return orders and fills whose last word on the stream is another than the journal's."""
        told_orders = self._told("orders", "client_order_id")
        told_fills = self._told("fills", "trade_id")
        orders = await pages(b, "/orders/status", "orders", status="all")
        fills = await pages(b, "/fills", "fills")
        return [
            *(
                f"order {item['client_order_id']}"
                for item in orders
                if told_orders.get(item["client_order_id"]) != item
            ),
            *(f"fill {item['trade_id']}" for item in fills if told_fills.get(item["trade_id"]) != item),
            *(f"fill {name} is told and not recorded" for name in told_fills.keys() - {f["trade_id"] for f in fills}),
        ]

    def _told(self, channel: str, key: str) -> dict[str, Json]:
        told = {item[key]: item for data in self.log.snapshots[channel] for item in data[channel]}
        return told | {item[key]: item for data in self.log.deltas[channel] for item in data[channel]}

    def _repeats(self) -> list[str]:
        """Return fills that the stream told twice in the same words."""
        seen: set[str] = set()
        repeated = []
        for data in self.log.deltas["fills"]:
            for fill in data["fills"]:
                if str(fill) in seen:
                    repeated.append(f"fill {fill['trade_id']} was told twice")
                seen.add(str(fill))
        return repeated


class _Quiet(list[str]):
    """Differences as a condition: true when there are none."""

    def __bool__(self) -> bool:
        return len(self) == 0


@asynccontextmanager
async def desk_of_two(folder: Path, *, seed: int, redis: Redis | None) -> AsyncIterator[DeskOfTwo]:
    """Run both processes; the owner keeps its port when it is started again."""
    environment = {"EDGERUNNER_REDIS_URL": redis.url} if redis is not None else {}
    data_dir = folder / f"data {seed}"
    data_dir.mkdir()
    owner = Product(data_dir, seed=seed, environment={**environment, "EDGERUNNER_PORT": str(free_port())})
    replica = ReplicaProcess(data_dir, "", environment=environment)
    try:
        await asyncio.to_thread(owner.start)
        replica.owner_url = owner.url
        await asyncio.to_thread(replica.start)
        async with (
            owner.client() as a,
            replica.client() as b,
            StreamLog(replica.url, replica.key(), CHANNELS) as log,
        ):
            desk = DeskOfTwo(seed=seed, owner=owner, replica=replica, log=log, clients=[a, b])
            await desk.session.read_prices()
            yield desk
    finally:
        replica.end()
        owner.end()
