"""A listening terminal over a broker small enough to know by heart."""

from collections.abc import AsyncIterator

import pytest

from edgerunner.simulators.faults import FaultBox
from edgerunner.simulators.mt5.settings import Mt5Settings
from tests.unit.simulators.mt5.terminal.fake_broker import FakeBroker
from tests.wire.mt5.kit import Site, running_site


@pytest.fixture
async def site(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Site]:
    """An initialized module; calls may take 5 s."""
    settings = Mt5Settings(call_timeout_s=5)
    async with running_site(FakeBroker(), FaultBox(["mt5"]), monkeypatch, settings) as running:
        yield running


@pytest.fixture
async def impatient(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Site]:
    """An initialized module whose calls may take a fifth of a second."""
    settings = Mt5Settings(call_timeout_s=0.2)
    async with running_site(FakeBroker(), FaultBox(["mt5"]), monkeypatch, settings) as running:
        yield running
