"""The simulated TWS that unmodified third-party clients talk to: its clock runs from a Monday at 10:30 in New York."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from tests.wire.tws.kit import NOW_NS, running_tws


@pytest.fixture
async def tws_port() -> AsyncIterator[int]:
    started = time.monotonic_ns()
    async with running_tws(wall=lambda: NOW_NS + time.monotonic_ns() - started) as tws:
        market = asyncio.create_task(tws.gateway.venue.run())
        yield tws.port
        market.cancel()
        await asyncio.gather(market, return_exceptions=True)
