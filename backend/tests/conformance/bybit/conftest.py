"""The simulator that unmodified third-party clients talk to."""

from collections.abc import AsyncIterator

import pytest

from tests.wire.bybit.kit import Simulator, running_simulator


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with running_simulator() as running:
        yield running
