"""A Bybit simulator whose price the test sets."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal

from edgerunner.simulators.bybit.server import WireServer, create_server
from edgerunner.simulators.catalogue import bybit_catalogue
from edgerunner.simulators.faults import FaultBox
from edgerunner.simulators.venue import Venue
from edgerunner.simulators.venue_state import VenueSettings

SYMBOL = "linear:BTCUSDT"


@dataclass
class Site:
    venue: Venue
    server: WireServer
    start: Decimal

    def set_price(self, share: str) -> None:
        """Take the market to a share of the price it began with."""
        tick = self.venue.instruments[SYMBOL].instrument.tick_size
        self.venue.operator.set_price(SYMBOL, self.start * Decimal(share) // tick * tick)


@asynccontextmanager
async def running_site() -> AsyncIterator[Site]:
    faults = FaultBox(["bybit"])
    venue = Venue(bybit_catalogue(), faults, VenueSettings(ledger_path=None, wall=time.time_ns, seed=4))
    server = create_server(venue, faults, host="127.0.0.1", port=0)
    await server.start()
    steps = asyncio.create_task(venue.run())
    site = Site(venue, server, venue.last_price(SYMBOL))
    site.set_price("1")
    try:
        yield site
    finally:
        await server.stop()
        steps.cancel()
        await asyncio.gather(steps, return_exceptions=True)
        venue.close()
