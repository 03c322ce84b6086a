"""A full session of an unmodified @stoqey/ib, a client with a code base of its own (TypeScript)."""

import shutil

import pytest

from tests.conformance.ibkr.clients import HERE, run_client
from tests.wire.tws.kit import HOST

pytestmark = pytest.mark.conformance

FOLDER = HERE / "stoqey"


async def test_a_full_session_of_stoqey_ib(tws_port: int) -> None:
    node = shutil.which("node")
    assert node is not None, "node is not installed: this client needs Node.js 18 or later"
    assert (FOLDER / "node_modules").exists(), "node_modules is missing: `make conformance` installs it"
    said = await run_client(node, FOLDER / "session.mjs", HOST, str(tws_port))
    assert "connected              178" in said
