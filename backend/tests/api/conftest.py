"""One running application per test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.api.harness import Api, running_api, served_api


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    """An application without connections."""
    async with running_api(tmp_path) as running:
        yield running


@pytest.fixture
async def trading(api: Api) -> Api:
    """An application with one ready connection."""
    await api.connect()
    return api


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_api(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    """An application without connections for tests that leave nothing behind."""
    async with running_api(tmp_path_factory.mktemp("shared-api")) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_trading(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    """An application with one ready connection for tests that leave nothing behind."""
    async with running_api(tmp_path_factory.mktemp("shared-trading")) as running:
        await running.connect()
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_served(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Api]:
    """An application behind its real server for tests that leave nothing behind."""
    async with served_api(tmp_path_factory.mktemp("shared-served")) as running:
        await running.connect()
        yield running
