"""The order path on a real journal and a fake broker, without HTTP."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from edgerunner.adapters.broker import Environment
from edgerunner.domain.errors import NotFound
from edgerunner.domain.orders import Order, OrderStatus, OrderType, Side
from edgerunner.services.clock import EventMaker
from edgerunner.services.order_checks import PlaceRequest
from edgerunner.services.order_drafts import IdempotencyKey, Placed
from edgerunner.services.order_service import OrderService
from edgerunner.services.session import Session, initial_health
from edgerunner.services.session_sync import SessionSync
from edgerunner.services.sync_service import SyncService
from edgerunner.storage.database import Database
from edgerunner.storage.journal import Journal
from tests.fakes.broker import FakeBroker
from tests.fakes.clock import FakeClock
from tests.fakes.gates import OpenGate, OpenInterlock
from tests.waiting import until

CONNECTION_ID = "fake"
INSTRUMENT_ID = "BTCUSDT-LINEAR.BYBIT"


class MemoryWatermarks:
    """Until when records were read, in memory."""

    def __init__(self) -> None:
        self.marks: dict[str, int] = {}

    async def reconciled_until(self, connection_id: str) -> int | None:
        return self.marks.get(connection_id)

    async def mark_reconciled(self, connection_id: str, until_ns: int) -> None:
        self.marks[connection_id] = until_ns


@dataclass
class OrderPath:
    """One connection with everything behind it; is its own session directory."""

    broker: FakeBroker
    clock: FakeClock
    journal: Journal
    orders: OrderService
    session_: Session
    sync: SessionSync

    def session(self, connection_id: str) -> Session:
        if connection_id != CONNECTION_ID:
            raise NotFound(f"no connection {connection_id}")
        return self.session_

    async def place(
        self,
        *,
        quantity: str = "1",
        price: str | None = "100",
        side: Side = Side.BUY,
        key: str | None = None,
        fingerprint: str = "body",
        client_order_id: str | None = None,
        wait_ms: int = 2000,
    ) -> Placed:
        request = PlaceRequest(
            connection_id=CONNECTION_ID,
            instrument_id=INSTRUMENT_ID,
            side=side,
            order_type=OrderType.MARKET if price is None else OrderType.LIMIT,
            quantity=Decimal(quantity),
            price=None if price is None else Decimal(price),
            client_order_id=client_order_id,
        )
        idempotency = None if key is None else IdempotencyKey(scope="test", key=key, fingerprint=fingerprint)
        return await self.orders.place(request, actor="test", idempotency=idempotency, wait_ms=wait_ms)

    async def order(self, client_order_id: str) -> Order:
        order = await self.journal.order(client_order_id)
        assert order is not None
        return order

    async def until_status(self, client_order_id: str, *statuses: OrderStatus) -> Order:
        """Wait until the order has one of the statuses."""

        async def has_status() -> Order | None:
            order = await self.journal.order(client_order_id)
            return order if order is not None and order.status in statuses else None

        return await until(has_status, timeout_s=5, what=f"{client_order_id} is {statuses}")

    async def step(self, seconds: float = 0.0) -> None:
        """Let the keeper see what is new, let time pass, and let it do what is due then."""
        await self._keeper_turn()
        self.clock.advance(seconds)
        await self._keeper_turn()

    async def _keeper_turn(self) -> None:
        """Wait for one whole round of the keeper: woken twice, it has finished the first round."""

        async def is_taken() -> bool:
            return not self.session_.wake.is_set()

        for _ in range(2):
            self.session_.wake.set()
            await until(is_taken, timeout_s=5, what="the keeper took its turn")

    async def until_ready(self) -> None:
        """Wait until the session is reconciled."""

        async def is_ready() -> bool:
            return self.session_.is_ready

        await until(is_ready, timeout_s=5, what="the session is reconciled")


class _Directory:
    """Finds the session for the order service before the path exists."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def session(self, connection_id: str) -> Session:
        if connection_id != CONNECTION_ID:
            raise NotFound(f"no connection {connection_id}")
        return self._session


@asynccontextmanager
async def order_path(
    folder: Path,
    broker: FakeBroker,
    *,
    watermarks: MemoryWatermarks | None = None,
    wait_ready: bool = True,
) -> AsyncIterator[OrderPath]:
    """Run the order path on the folder's journal; enter it again for a restart."""
    clock = broker.clock
    database = Database.open(folder)
    journal = await Journal.open(database, clock_ns=clock.now_ns)
    accounts = tuple(await broker.connect())
    session = Session(
        connection_id=CONNECTION_ID,
        broker="fake",
        environment=Environment.SIMULATED,
        execution="broker",
        adapter=broker,
        accounts=accounts,
        started_at_ns=clock.now_ns(),
        data=initial_health("data", clock.now_ns()),
        orders=initial_health("orders", clock.now_ns()),
    )
    events = EventMaker(clock)
    sync = SyncService(journal=journal, events=events, clock=clock, watermarks=watermarks or MemoryWatermarks())
    orders = OrderService(
        sessions=_Directory(session),
        journal=journal,
        events=events,
        clock=clock,
        risk=OpenGate(),
        interlock=OpenInterlock(),
    )
    path = OrderPath(
        broker=broker,
        clock=clock,
        journal=journal,
        orders=orders,
        session_=session,
        sync=sync.start(session, on_health=lambda _: None),
    )
    try:
        if wait_ready:
            await path.until_ready()
        yield path
    finally:
        await orders.stop()
        await sync.stop(CONNECTION_ID)
        await broker.disconnect()
        await journal.close()
        database.close()
