"""Risk through the client: what goes over the wire."""

import pytest

from edgerunner.client import ApiError
from tests.unit.client.test_account_controls import Recorder, client_over


async def test_a_halt_says_what_else_is_wanted() -> None:
    server = Recorder(scope="all", state="halted", steps=[])
    async with client_over(server) as client:
        assert (await client.risk.halt(flatten=True, reason="enough"))["state"] == "halted"
    assert server.call == ("POST", "/risk/halt")
    assert server.sent == {"scope": "all", "cancel_orders": True, "flatten": True, "reason": "enough"}


async def test_limits_are_sent_by_name() -> None:
    server = Recorder(scope="connection:c")
    async with client_over(server) as client:
        await client.risk.set_limits({"max_open_orders": 5, "price_collar": "0.05"}, scope="connection:c")
        assert (server.call, server.sent["scope"]) == (("PUT", "/risk/limits"), "connection:c")
        assert server.sent["limits"] == {"max_open_orders": 5, "price_collar": "0.05"}
        await client.risk.resume(scope="connection:c")
        assert (server.call, server.sent) == (("POST", "/risk/resume"), {"scope": "connection:c"})


async def test_arming_repeats_the_account() -> None:
    server = Recorder(armed_until="2026-11-23T04:00:00.000000Z")
    async with client_over(server) as client:
        await client.risk.arm("c", "1", confirm="1", minutes=5)
        assert (server.call, server.sent["confirm"]) == (("POST", "/risk/arm"), "1")
        await client.risk.disarm("c", "1")
        assert server.call == ("POST", "/risk/disarm")
        await client.risk.read()
        assert server.call == ("GET", "/risk")


async def test_a_refusal_is_an_error_with_its_code() -> None:
    server = Recorder(status=403, code="live_not_allowed", detail="not armed", errors=[])
    async with client_over(server) as client:
        with pytest.raises(ApiError) as refusal:
            await client.risk.arm("c", "1", confirm="1")
    assert refusal.value.code == "live_not_allowed"
