"""Local execution on the Bybit simulator's market data, over the wire and without a key."""

import asyncio
import random
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from edgerunner.adapters.broker import Environment, MarketUpdate
from edgerunner.adapters.bybit.public_data import BybitMarketData, create_bybit_market_data
from edgerunner.adapters.local.options import LocalDefaults
from edgerunner.adapters.local_adapter import LocalAdapter, create_local_adapter
from edgerunner.domain.market import Funding, FundingRate, MarketTrade
from edgerunner.domain.orders import Side
from edgerunner.matching.fees import FeeSchedule
from edgerunner.simulators.bybit.server import WireServer, create_server
from edgerunner.simulators.catalogue import bybit_catalogue
from edgerunner.simulators.faults import FaultBox
from edgerunner.simulators.venue import Venue
from edgerunner.simulators.venue_state import VenueSettings
from tests.contract.harness import Broker

FEES = FeeSchedule(maker=Decimal("0.0002"), taker=Decimal("0.00055"))
DEFAULTS = LocalDefaults(currency="USDT", fees=FEES)


class TappedData:
    """The connection's market data, with a hand that adds a trade or a funding rate to what the venue tells."""

    def __init__(self, data: BybitMarketData) -> None:
        self._data = data
        self.trades: asyncio.Queue[MarketTrade] = asyncio.Queue(maxsize=100)
        self.rates: list[FundingRate] = []

    def __getattr__(self, name: str) -> object:
        return getattr(self._data, name)

    async def get_funding(self, instrument_id: str, limit: int) -> Funding:
        funding = await self._data.get_funding(instrument_id, limit)
        return replace(funding, rates=(*funding.rates, *self.rates)[-limit:])

    async def stream_market_data(self) -> AsyncIterator[MarketUpdate]:
        told: asyncio.Queue[MarketUpdate | None] = asyncio.Queue(maxsize=10_000)

        async def read() -> None:
            async for update in self._data.stream_market_data():
                await told.put(update)
            await told.put(None)

        async def tap() -> None:
            while True:
                await told.put(await self.trades.get())

        tasks = [asyncio.create_task(read()), asyncio.create_task(tap())]
        try:
            while (update := await told.get()) is not None:
                yield update
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


class LocalOnSimulator(Broker):
    """Its hands are the simulated market's, and the tap in the market data."""

    has_order_wire = False
    exits_follow_position = False
    adapter: LocalAdapter

    def __init__(
        self, venue: Venue, server: WireServer, symbol: str, *, folder: Path, options: Mapping[str, object]
    ) -> None:
        category, _, name = symbol.partition(":")
        data = create_bybit_market_data(
            environment=Environment.SIMULATED,
            options={"base_url": f"http://127.0.0.1:{server.port}"},
            clock=time,
            random=random.Random(11),
        )
        self.tap = TappedData(data)
        adapter = create_local_adapter(
            self.tap,  # type: ignore[arg-type] # the rest is the wrapped one's
            connection_id="local-contract",
            folder=folder,
            options=options,
            defaults=DEFAULTS,
            clock=time,
        )
        super().__init__(adapter, f"{name}-{category.upper()}.BYBIT")
        self.venue = venue
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
        self.tap.rates.append(FundingRate(ts_ns=time.time_ns(), rate=Decimal(rate)))

    async def fill_by_hand(self, client_order_id: str, quantity: Decimal) -> None:
        """Let somebody sell that quantity through the order's price."""
        price = self.order(client_order_id).terms.price
        assert price is not None
        await self.tap.trades.put(
            MarketTrade(
                instrument_id=self.instrument_id,
                trade_id="by-hand",
                price=price - self.instrument.tick_size,
                quantity=quantity,
                side=Side.SELL,
                ts_event_ns=time.time_ns(),
            )
        )

    async def cut_streams(self) -> None:
        await self._server.restart()

    async def place_by_hand(self, count: int) -> None:
        pytest.skip("nobody else can place orders on a paper account")

    async def pay_in(self, amount: Decimal) -> str:
        await self.adapter.pay_in(amount)
        return self.accounts[0].currency

    async def exceed_rate(self) -> None:
        pytest.skip("nothing is sent, so nothing is limited")

    async def placements_of(self, client_order_id: str) -> int:
        lookup = await self.adapter.find_order(
            client_order_id=client_order_id, venue_order_id=None, instrument_id=self.instrument_id, sent_at_ns=None
        )
        return int(lookup.report is not None)


@asynccontextmanager
async def local_on_simulator(symbol: str, **options: object) -> AsyncIterator[LocalOnSimulator]:
    """A simulator of its own, local execution connected to its public side, and both gone afterwards."""
    faults = FaultBox(["bybit"])
    venue = Venue(bybit_catalogue(), faults, VenueSettings(ledger_path=None, wall=time.time_ns, seed=3))
    server = create_server(venue, faults, host="127.0.0.1", port=0)
    await server.start()
    steps = asyncio.create_task(venue.run())
    with tempfile.TemporaryDirectory() as folder:
        broker = LocalOnSimulator(venue, server, symbol, folder=Path(folder), options=options)
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
