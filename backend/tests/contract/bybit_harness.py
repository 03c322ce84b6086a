"""The Bybit adapter on the Bybit simulator, over the wire."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from decimal import Decimal

from edgerunner.adapters.broker import Environment
from edgerunner.adapters.bybit_adapter import create_bybit_adapter
from edgerunner.simulators.bybit.server import WireServer, create_server
from edgerunner.simulators.catalogue import bybit_catalogue
from edgerunner.simulators.faults import FaultBox, FaultMatch
from edgerunner.simulators.venue import Venue
from edgerunner.simulators.venue_state import VenueSettings
from edgerunner.simulators.venue_types import OrderRequest
from tests.contract.harness import Broker

ACCOUNT = "1000001"
"""The simulator's own name of the account behind its public key."""


class BybitOnSimulator(Broker):
    """Its hands are the venue's operator and the fault box."""

    def __init__(
        self, venue: Venue, faults: FaultBox, server: WireServer, symbol: str, *, options: Mapping[str, object]
    ) -> None:
        category, _, name = symbol.partition(":")
        adapter = create_bybit_adapter(
            connection_id="bybit-contract",
            environment=Environment.SIMULATED,
            credentials={"api_key": "sim-key", "api_secret": "sim-secret"},
            options={"base_url": f"http://127.0.0.1:{server.port}", **options},
            clock=time,
            random=random.Random(11),
        )
        super().__init__(adapter, f"{name}-{category.upper()}.BYBIT")
        self.venue = venue
        self.faults = faults
        self.port = server.port
        self._server = server
        self._symbol = symbol

    @property
    def quantity(self) -> Decimal:
        return Decimal(2_000) if self._symbol.startswith("inverse") else Decimal("0.020")

    async def move_price(self, share: str) -> None:
        last = self.venue.last_price(self._symbol)
        tick = self.venue.instruments[self._symbol].instrument.tick_size
        self.venue.operator.set_price(self._symbol, last * Decimal(share) // tick * tick)

    async def settle_funding(self, rate: str) -> None:
        self.venue.operator.settle_funding(self._symbol, Decimal(rate))

    async def fill_by_hand(self, client_order_id: str, quantity: Decimal) -> None:
        order = self.venue.find_order(ACCOUNT, client_key=client_order_id)
        assert order is not None
        self.venue.operator.fill(order, self.venue.instruments[self._symbol].to_lots(quantity))

    async def cut_streams(self) -> None:
        await self._server.restart()

    async def place_by_hand(self, count: int) -> None:
        ticks = int(self.venue.depth(self._symbol, 1)[0][0][0] * 0.96)
        for _ in range(count):
            self.venue.place(
                OrderRequest(
                    account_id=ACCOUNT,
                    symbol=self._symbol,
                    side="buy",
                    order_type="limit",
                    quantity_lots=self.venue.instruments[self._symbol].to_lots(self.quantity / 20),
                    leg=self.venue.legs(ACCOUNT, self._symbol)[0],
                    price_ticks=ticks,
                    origin="manual",
                )
            )

    async def pay_in(self, amount: Decimal) -> str:
        self.venue.operator.move_cash(ACCOUNT, "USDT", amount)
        return "USDT"

    async def exceed_rate(self) -> None:
        self.faults.add("bybit", "rate_limit", match=FaultMatch(op="place"))

    async def placements_of(self, client_order_id: str) -> int:
        orders = self.venue.dump()["orders"]
        assert isinstance(orders, list)
        return sum(int(order["placements"]) for order in orders if order["client_key"] == client_order_id)


@asynccontextmanager
async def bybit_on_simulator(
    symbol: str, *, is_hedged: bool = False, speed: float = 1, **options: object
) -> AsyncIterator[BybitOnSimulator]:
    """A simulator of its own, an adapter connected to it, and both gone afterwards."""
    faults = FaultBox(["bybit"])
    venue = Venue(bybit_catalogue(), faults, VenueSettings(ledger_path=None, wall=time.time_ns, seed=3, speed=speed))
    server = create_server(venue, faults, host="127.0.0.1", port=0)
    await server.start()
    steps = asyncio.create_task(venue.run())
    if is_hedged:
        venue.set_position_mode(ACCOUNT, hedging=True, symbol=symbol)
    broker = BybitOnSimulator(venue, faults, server, symbol, options=options)
    try:
        await broker.start()
        try:
            yield broker
        finally:
            await broker.stop()
    finally:
        await server.stop()
        steps.cancel()
        await asyncio.gather(steps, return_exceptions=True)
        venue.close()
