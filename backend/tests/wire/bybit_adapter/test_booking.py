"""The whole path over the simulated wire: brackets and legs as the journal books them."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from edgerunner.adapters.broker import Environment
from edgerunner.adapters.bybit_adapter import create_bybit_adapter
from edgerunner.domain.orders import ChildKind, Order, OrderStatus, OrderType, Side, StopLoss, TakeProfit
from edgerunner.services.clock import EventMaker, SystemClock
from edgerunner.services.order_checks import PlaceRequest
from edgerunner.services.order_service import OrderService
from edgerunner.services.position_view import PositionView, position_view
from edgerunner.services.session import Session, initial_health
from edgerunner.services.sync_service import SyncService
from edgerunner.simulators.bybit.server import create_server
from edgerunner.simulators.catalogue import bybit_catalogue
from edgerunner.simulators.faults import FaultBox
from edgerunner.simulators.venue import Venue
from edgerunner.simulators.venue_state import VenueSettings
from edgerunner.storage.database import Database
from edgerunner.storage.journal import Journal
from tests.fakes.gates import OpenGate, OpenInterlock
from tests.fakes.order_path import MemoryWatermarks
from tests.waiting import until

CONNECTION, ACCOUNT, SYMBOL, LINEAR = "bybit", "1000001", "linear:BTCUSDT", "BTCUSDT-LINEAR.BYBIT"
QUANTITY = Decimal("0.02")
PATIENCE_S = 15.0


@dataclass
class Desk:
    """A journal and the order service on one simulated account."""

    venue: Venue
    session_: Session
    journal: Journal
    orders: OrderService

    def session(self, connection_id: str) -> Session:
        return self.session_

    def price(self, share: str) -> Decimal:
        return self.venue.last_price(SYMBOL) * Decimal(share) // Decimal("0.1") * Decimal("0.1")

    def move(self, share: str) -> None:
        self.venue.operator.set_price(SYMBOL, self.price(share))

    async def place(self, side: Side = Side.BUY, **terms: object) -> Order:
        request = PlaceRequest(
            connection_id=CONNECTION,
            instrument_id=LINEAR,
            side=side,
            order_type=OrderType.MARKET,
            quantity=QUANTITY,
            **terms,  # type: ignore[arg-type]
        )
        placed = await self.orders.place(request, actor="test")
        return await self.until_filled(placed.order.client_order_id)

    async def until_filled(self, client_order_id: str) -> Order:
        async def filled() -> Order | None:
            order = await self.journal.order(client_order_id)
            return order if order is not None and order.status is OrderStatus.FILLED else None

        order = await until(filled, timeout_s=PATIENCE_S, what=f"{client_order_id} is filled")
        assert order is not None
        return order

    async def until_children(self, parent: Order, count: int) -> dict[OrderType, Order]:
        def working() -> list[Order]:
            orders = self.journal.open_orders(CONNECTION)
            return [order for order in orders if order.parent_id == parent.client_order_id]

        async def are_so_many() -> bool:
            return len(working()) == count

        await until(are_so_many, timeout_s=PATIENCE_S, what=f"{count} exits work")
        return {order.terms.order_type: order for order in working()}

    def held(self) -> dict[str, Decimal]:
        return {p.key.leg: p.quantity for p in self.journal.positions(CONNECTION) if p.key.instrument_id == LINEAR}

    async def until_held(self, **legs: str) -> None:
        wanted = {leg: Decimal(quantity) for leg, quantity in legs.items()}

        async def is_so() -> bool:
            return self.held() == wanted

        await until(is_so, timeout_s=PATIENCE_S, what=f"{wanted} is held; booked: {self.held()}")

    def view(self, leg: str) -> PositionView:
        position = next(p for p in self.journal.positions(CONNECTION) if p.key.leg == leg)
        return position_view(position, self.session_.positions.get((ACCOUNT, LINEAR, leg)), None)


@asynccontextmanager
async def desk(folder: Path, *, is_hedged: bool = False) -> AsyncIterator[Desk]:
    clock, faults = SystemClock(), FaultBox(["bybit"])
    venue = Venue(bybit_catalogue(), faults, VenueSettings(ledger_path=None, wall=time.time_ns, seed=3))
    if is_hedged:
        venue.set_position_mode(ACCOUNT, hedging=True, symbol=SYMBOL)
    server = create_server(venue, faults, host="127.0.0.1", port=0)
    await server.start()
    steps = asyncio.create_task(venue.run())
    adapter = create_bybit_adapter(
        connection_id=CONNECTION,
        environment=Environment.SIMULATED,
        credentials={"api_key": "sim-key", "api_secret": "sim-secret"},
        options={"base_url": f"http://127.0.0.1:{server.port}"},
        clock=time,
        random=random.Random(11),
    )
    database = Database.open(folder)
    journal = await Journal.open(database, clock_ns=clock.now_ns)
    events = EventMaker(clock)
    session = Session(
        connection_id=CONNECTION,
        broker="bybit",
        environment=Environment.SIMULATED,
        execution="broker",
        adapter=adapter,
        accounts=tuple(await adapter.connect()),
        started_at_ns=clock.now_ns(),
        data=initial_health("data", clock.now_ns()),
        orders=initial_health("orders", clock.now_ns()),
    )
    sync = SyncService(journal=journal, events=events, clock=clock, watermarks=MemoryWatermarks())
    at_desk = Desk(venue, session, journal, None)  # type: ignore[arg-type]
    at_desk.orders = OrderService(
        sessions=at_desk, journal=journal, events=events, clock=clock, risk=OpenGate(), interlock=OpenInterlock()
    )
    sync.start(session, on_health=lambda _: None)
    try:
        await sync.wait_reconciled(CONNECTION, PATIENCE_S)
        at_desk.move("1")
        yield at_desk
    finally:
        await at_desk.orders.stop()
        await sync.stop(CONNECTION)
        await adapter.disconnect()
        await journal.close()
        database.close()
        await server.stop()
        steps.cancel()
        await asyncio.gather(steps, return_exceptions=True)
        venue.close()


@pytest.mark.parametrize("is_hedged", [False, True], ids=["one-way", "hedge"])
async def test_exit_that_fires_is_booked_on_the_position_it_protects(tmp_path: Path, is_hedged: bool) -> None:
    leg = "long" if is_hedged else "net"
    async with desk(tmp_path, is_hedged=is_hedged) as at:
        target, stop = at.price("1.02"), at.price("0.98")
        parent = await at.place(take_profit=TakeProfit(price=target), stop_loss=StopLoss(trigger_price=stop))
        exits = await at.until_children(parent, 2)
        assert {child.child_kind for child in exits.values()} == {ChildKind.POSITION_ATTRIBUTE}
        assert exits[OrderType.STOP_MARKET].terms.trigger_price == stop

        async def is_protected() -> bool:
            view = at.view(leg)
            return (view.take_profit, view.stop_loss, view.protection) == (target, stop, "broker")

        await until(is_protected, timeout_s=PATIENCE_S, what="the position shows its exits")
        at.move("0.975")
        fired = await at.until_filled(exits[OrderType.STOP_MARKET].client_order_id)
        assert (fired.parent_id, fired.needs_operator) == (parent.client_order_id, None)
        await at.until_held()
        await at.until_children(parent, 0)


async def test_exit_that_is_canceled_leaves_the_position(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        parent = await at.place(take_profit=TakeProfit(price=at.price("1.02")))
        (child,) = (await at.until_children(parent, 1)).values()
        again = await at.orders.cancel(child.client_order_id, actor="test")
        assert again.status is OrderStatus.CANCELED
        assert at.held() == {"net": QUANTITY}


async def test_legs_are_closed_one_by_one(tmp_path: Path) -> None:
    async with desk(tmp_path, is_hedged=True) as at:
        for side in Side:
            await at.place(side)
        await at.until_held(long="0.02", short="-0.02")
        (result,) = await at.orders.close_positions(connection_id=CONNECTION, position_id="short", actor="test")
        assert result.ok
        await at.until_held(long="0.02")
        results = await at.orders.close_positions(connection_id=CONNECTION, actor="test")
        assert [result.ok for result in results] == [True]
        await at.until_held()
