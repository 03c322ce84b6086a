"""A full session of an unmodified ib_async."""

import sys

import pytest

from tests.conformance.ibkr.clients import HERE, run_client
from tests.wire.tws.kit import HOST

pytestmark = pytest.mark.conformance


async def test_a_full_session_of_ib_async(tws_port: int) -> None:
    said = await run_client(sys.executable, HERE / "ib_session.py", "ib_async", HOST, str(tws_port))
    assert "connected              178" in said
