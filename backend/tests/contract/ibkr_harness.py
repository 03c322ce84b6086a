"""The Interactive Brokers adapter on the simulated TWS, over the wire, on a trading day in New York."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace

import pytest

from edgerunner.adapters.broker import Environment
from edgerunner.adapters.ibkr_adapter import IBBrokerAdapter, create_ibkr_adapter
from edgerunner.domain.orders import OrderType
from edgerunner.simulators.catalogue_ibkr import ibkr_catalogue, symbol_of
from edgerunner.simulators.faults import FaultBox, FaultMatch
from edgerunner.simulators.tws.contracts.names import listing_named
from edgerunner.simulators.tws.server import TwsServer, create_server
from edgerunner.simulators.tws.settings import TwsSettings
from edgerunner.simulators.venue import Venue
from edgerunner.simulators.venue_state import VenueSettings
from edgerunner.simulators.venue_types import OrderRequest
from tests.contract.harness import Broker

MONDAY_NS = int(datetime(2026, 11, 23, 15, 30, tzinfo=UTC).timestamp()) * 10**9
"""10:30 in New York, when everything listed trades."""


class IbkrOnSimulator(Broker):
    """Its hands are the venue's operator and the fault box."""

    book_levels = 5
    exits_follow_position = False
    limit_target = OrderType.LIMIT
    adapter: IBBrokerAdapter

    def __init__(
        self,
        venue: Venue,
        faults: FaultBox,
        server: TwsServer,
        instrument_id: str,
        *,
        symbol: str,
        options: Mapping[str, object],
    ) -> None:
        super().__init__(adapter_of(venue, server.port, options=options), instrument_id)
        self.venue = venue
        self.faults = faults
        self.port = server.port
        self._server = server
        self._symbol = symbol

    async def start(self) -> None:
        await super().start()
        await self.adapter.load_instrument(self.instrument_id)

    def now_ns(self) -> int:
        return self.venue.now_ns()

    @property
    def quantity(self) -> Decimal:
        return {"AAPL.IBKR": Decimal(40), "EUR/USD.IBKR": Decimal(40_000)}.get(self.instrument_id, Decimal(10))

    async def move_price(self, share: str) -> None:
        last = self.venue.last_price(self._symbol)
        tick = self.venue.instruments[self._symbol].instrument.tick_size
        self.venue.operator.set_price(self._symbol, last * Decimal(share) // tick * tick)

    async def settle_funding(self, rate: str) -> None:
        pytest.skip(f"nothing at Interactive Brokers has funding ({rate})")

    async def fill_by_hand(self, client_order_id: str, quantity: Decimal) -> None:
        order = self.venue.find_order(self.account_id, client_key=client_order_id)
        assert order is not None
        self.venue.operator.fill(order, self.venue.instruments[self._symbol].to_lots(quantity))

    async def cut_streams(self) -> None:
        await self._server.restart()

    async def place_by_hand(self, count: int) -> None:
        instrument = self.venue.instruments[self._symbol]
        ticks = int(self.venue.depth(self._symbol, 1)[0][0][0] * 0.96)
        for _ in range(count):
            self.venue.place(
                OrderRequest(
                    account_id=self.account_id,
                    symbol=self._symbol,
                    side="buy",
                    order_type="limit",
                    quantity_lots=instrument.to_lots(self.quantity / 10),
                    price_ticks=ticks,
                    origin="manual",
                )
            )

    async def pay_in(self, amount: Decimal) -> str:
        self.venue.operator.move_cash(self.account_id, "USD", amount)
        return "USD"

    async def exceed_rate(self) -> None:
        self.faults.add("ibkr", "rate_limit", match=FaultMatch(op="place"))

    async def placements_of(self, client_order_id: str) -> int:
        orders = self.venue.dump()["orders"]
        assert isinstance(orders, list)
        return sum(int(order["placements"]) for order in orders if order["client_key"] == client_order_id)


def adapter_of(
    venue: Venue, port: int, *, client_id: int = 7, options: Mapping[str, object] | None = None
) -> IBBrokerAdapter:
    """An adapter that is not connected yet, with the simulator's time."""
    return create_ibkr_adapter(
        connection_id="ibkr-contract",
        environment=Environment.SIMULATED,
        credentials={"port": str(port), "client_id": str(client_id)},
        options=options or {},
        clock=trading_clock(venue),
        random=random.Random(11),
    )


def trading_clock(venue: Venue) -> SimpleNamespace:
    """The machine's clocks, with the wall at the simulator's time."""
    return SimpleNamespace(time_ns=venue.now_ns, monotonic_ns=time.monotonic_ns)


@asynccontextmanager
async def ibkr_on_simulator(
    instrument_id: str, settings: TwsSettings | None = None, **options: object
) -> AsyncIterator[IbkrOnSimulator]:
    """A TWS of its own, an adapter logged on to it, and both gone afterwards."""
    settings, faults = settings or TwsSettings(), FaultBox(["ibkr"])
    started_ns = time.monotonic_ns()
    venue = Venue(
        ibkr_catalogue(settings.accounts),
        faults,
        VenueSettings(ledger_path=None, wall=lambda: MONDAY_NS + time.monotonic_ns() - started_ns, seed=3),
    )
    server = create_server(venue, faults, host="127.0.0.1", port=0, settings=settings)
    await server.start()
    steps = asyncio.create_task(venue.run())
    listing = listing_named(instrument_id.removesuffix(".IBKR"))
    assert listing is not None
    symbol = venue.instrument(symbol_of(listing)).symbol
    broker = IbkrOnSimulator(venue, faults, server, instrument_id, symbol=symbol, options=options)
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
