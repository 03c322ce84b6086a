"""The adapter under test and the scripted server it talks to."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeVar

import pytest

from edgerunner.adapters.broker import BrokerUpdate, Environment, LinkHealth, MarketUpdate, PlaceOrder
from edgerunner.adapters.bybit_adapter import BybitAdapter, create_bybit_adapter
from edgerunner.domain.instruments import QuantityUnit
from edgerunner.domain.orders import OrderTerms, OrderType, Side
from tests.wire.bybit_adapter.scripted import KEY, SECRET, UID, ScriptedBybit, scripted_bybit

LINEAR_ID, SPOT_ID = "BTCUSDT-LINEAR.BYBIT", "BTCUSDT-SPOT.BYBIT"
PATIENCE_S = 10.0

T = TypeVar("T")


class ShiftedClock:
    """The machine's clocks, moved ahead by a test."""

    def __init__(self) -> None:
        self.ahead_ns = 0
        self.wall_wrong_ns = 0

    def time_ns(self) -> int:
        return time.time_ns() + self.ahead_ns + self.wall_wrong_ns

    def monotonic_ns(self) -> int:
        return time.monotonic_ns() + self.ahead_ns

    def advance(self, seconds: float) -> None:
        self.ahead_ns += round(seconds * 1e9)


@dataclass
class Client:
    """An adapter with everything its streams said."""

    adapter: BybitAdapter
    server: ScriptedBybit
    clock: ShiftedClock
    updates: list[BrokerUpdate] = field(default_factory=list)
    market: list[MarketUpdate] = field(default_factory=list)

    def health(self, link: str) -> list[str]:
        """The statuses a link went through, repeats left out."""
        seen: list[str] = []
        for update in self.updates:
            if isinstance(update, LinkHealth) and update.link == link and (not seen or seen[-1] != update.status):
                seen.append(update.status.value)
        return seen

    def readers(self) -> list[asyncio.Task[None]]:
        """Read both streams until they end."""
        return [
            asyncio.create_task(_collect(self.adapter.stream_updates(), self.updates)),
            asyncio.create_task(_collect(self.adapter.stream_market_data(), self.market)),
        ]


async def _collect(stream: AsyncIterator[T], into: list[T]) -> None:
    async for update in stream:
        into.append(update)  # noqa: PERF401 - one by one, so that a test sees each as it comes


async def until(condition: Callable[[], object], what: str) -> None:
    """Wait for a condition; fail loudly when it never holds."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"waited {PATIENCE_S} s in vain for {what}"
        await asyncio.get_running_loop().run_in_executor(None, time.monotonic)


def create(server: ScriptedBybit, clock: ShiftedClock | None = None, /, **options: object) -> BybitAdapter:
    given = {"base_url": f"http://127.0.0.1:{server.port}", "request_timeout_s": 0.4, "queue_timeout_s": 0.5} | options
    return create_bybit_adapter(
        connection_id="bybit-test",
        environment=Environment.SIMULATED,
        credentials={"api_key": KEY, "api_secret": SECRET},
        options=given,
        clock=clock or ShiftedClock(),
        random=random.Random(7),
    )


def order(key: str = "KEY1", instrument_id: str = LINEAR_ID) -> PlaceOrder:
    terms = OrderTerms(
        instrument_id=instrument_id,
        side=Side.BUY,
        order_type=OrderType.LIMIT,
        quantity=Decimal("0.01"),
        quantity_unit=QuantityUnit.COINS,
        price=Decimal(60000),
    )
    return PlaceOrder(client_order_id=key, account_id=UID, terms=terms)


Connect = Callable[..., Awaitable[Client]]


@asynccontextmanager
async def connected(server: ScriptedBybit, **options: object) -> AsyncIterator[Client]:
    clock = ShiftedClock()
    client = Client(create(server, clock, **options), server, clock)
    await client.adapter.connect()
    readers = client.readers()
    try:
        yield client
    finally:
        await client.adapter.disconnect()
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.gather(*readers)


@pytest.fixture
async def server() -> AsyncIterator[ScriptedBybit]:
    async with scripted_bybit() as running:
        yield running


@pytest.fixture
async def connect(server: ScriptedBybit) -> AsyncIterator[Connect]:
    """Connects adapters with options; all are closed at the end."""
    async with AsyncExitStack() as stack:

        async def open_one(**options: object) -> Client:
            return await stack.enter_async_context(connected(server, **options))

        yield open_one
