"""The simulated TWS that the wire tests talk to."""

from collections.abc import AsyncIterator

import pytest

from edgerunner.simulators.tws.server import TwsServer
from tests.wire.tws.kit import running_tws


@pytest.fixture
async def tws() -> AsyncIterator[TwsServer]:
    async with running_tws() as server:
        yield server
