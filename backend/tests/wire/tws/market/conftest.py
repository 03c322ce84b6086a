"""The simulated TWS that the tests of market data move."""

from collections.abc import AsyncIterator

import pytest

from tests.wire.tws.kit import Client
from tests.wire.tws.market.moving import MovingTws, moving_tws


@pytest.fixture
async def moving() -> AsyncIterator[MovingTws]:
    async with moving_tws() as tws:
        yield tws


@pytest.fixture
async def client(moving: MovingTws) -> AsyncIterator[Client]:
    async with Client(moving.port) as client:
        await client.log_on()
        yield client
