from collections.abc import Iterator

import pytest

from edgerunner.mt5_bridge.remote import RemoteModule, connect, orders, refusals
from tests.unit.mt5_bridge.remote.fake_bridge import TOKEN, FakeBridge, running


@pytest.fixture
def bridge() -> FakeBridge:
    return FakeBridge()


@pytest.fixture
def address(bridge: FakeBridge) -> Iterator[str]:
    with running(bridge) as address:
        yield f"http://{address}"


@pytest.fixture
def mt5(address: str) -> Iterator[RemoteModule]:
    module = connect(address, token=TOKEN, timeout_s=5)
    yield module
    module.shutdown()


@pytest.fixture
def connected(mt5: RemoteModule) -> RemoteModule:
    assert mt5.initialize()
    return mt5


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orders, "FIRST_PAUSE_S", 0.005)
    monkeypatch.setattr(refusals, "BUSY_PAUSE_S", 0.005)
