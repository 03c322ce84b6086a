"""A full session of an unmodified ib_insync, the ancestor of ib_async: it speaks 176 at most.

It has an environment of its own, since it and ib_async both bring a package named eventkit; the Makefile makes it.
"""

import sys

import pytest

from tests.conformance.ibkr.clients import HERE, ROOT, run_client
from tests.wire.tws.kit import HOST

pytestmark = pytest.mark.conformance

ENVIRONMENT = ROOT / ".venv-ib-insync"
PYTHON = ENVIRONMENT / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


async def test_a_full_session_of_ib_insync(tws_port: int) -> None:
    assert PYTHON.exists(), f"{ENVIRONMENT.name} is missing: `make conformance` makes it"
    said = await run_client(PYTHON, HERE / "ib_session.py", "ib_insync", HOST, str(tws_port))
    assert "connected              176" in said
