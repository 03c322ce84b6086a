"""The simulator that the wire tests talk to."""

from collections.abc import AsyncIterator

import pytest

from tests.wire.bybit.kit import Simulator, running_simulator


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with running_simulator() as running:
        yield running
