"""The bridge as a command: ready line, clean end, exit codes, kill switch, and a kill -9 in the middle of an order."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import aiohttp
import pytest

from tests.waiting import until
from tests.wire.mt5_bridge.bridge_process import bridge_command, environment, run, running
from tests.wire.mt5_bridge.certificates import make_certificate
from tests.wire.mt5_bridge.harness import BUY, Caller

LONG = "a-long-token-0123456789-of-the-environment"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_says_ready_serves_and_ends_cleanly(tmp_path: Path, number: int) -> None:
    with running(bridge_command(tmp_path), environment(tmp_path)) as bridge:
        assert bridge.ready["event"] == "ready"
        assert bridge.ready["pid"] == bridge.process.pid
        if os.name == "posix":
            assert os.stat(bridge.ready["token_file"]).st_mode & 0o077 == 0  # noqa: PTH116
        async with aiohttp.ClientSession() as http:
            caller = Caller(bridge.url, http, bridge.token())

            async def is_connected() -> bool:
                return bool((await caller.call("account_info")).body["result"])

            await until(is_connected, timeout_s=10, what="the terminal is connected")
            async with caller.stream() as stream:
                bridge.process.send_signal(number)
                assert (await stream.receive(timeout=5)).type is aiohttp.WSMsgType.CLOSE
        assert bridge.process.wait(10) == 0
    audit = [json.loads(line)["event"] for line in (tmp_path / "data" / "audit.jsonl").read_text().splitlines()]
    assert (audit[0], audit[-1]) == ("started", "stopped")


async def test_the_token_of_the_first_start_is_kept(tmp_path: Path) -> None:
    command = bridge_command(tmp_path)
    with running(command, environment(tmp_path)) as bridge:
        first = bridge.token()
        assert bridge.stop() == 0
    with running(command, environment(tmp_path)) as again:
        assert again.token() == first


async def test_a_token_of_the_environment_makes_no_file(tmp_path: Path) -> None:
    variables = environment(tmp_path, EDGERUNNER_MT5_BRIDGE_TOKEN=LONG)
    with running(bridge_command(tmp_path), variables) as bridge:
        assert bridge.ready["token_file"] is None
        async with aiohttp.ClientSession() as http:
            assert (await Caller(bridge.url, http, LONG).ask("GET", "/v1/status")).status == 200
    assert not (tmp_path / "data" / "token").exists()


async def test_an_order_that_a_kill_cut_off_is_unknown_afterwards(tmp_path: Path) -> None:
    command = bridge_command(tmp_path)
    (tmp_path / "demo_terminal.py").write_text(
        "from fake_terminal import FakeTerminal, install\n\nterminal = FakeTerminal()\n"
        "terminal.hang_in = 'order_send'\ninstall(terminal, __name__)\n",
        encoding="utf-8",
    )
    async with aiohttp.ClientSession() as http:
        with running(command, environment(tmp_path)) as bridge:
            caller = Caller(bridge.url, http, bridge.token())
            await caller.take_lease()
            sending = caller.send("key-1", BUY)

            async def is_begun() -> bool:
                reply = await caller.ask("GET", "/v1/orders?idempotency_key=key-1")
                return reply.status == 200

            task = asyncio.create_task(sending)
            await until(is_begun, timeout_s=10, what="the order is on the disk")
            bridge.process.kill()
            bridge.process.wait(10)
            await asyncio.gather(task, return_exceptions=True)
        bridge_command(tmp_path)  # the terminal answers again
        with running(command, environment(tmp_path)) as again:
            caller = Caller(again.url, http, again.token())
            await caller.take_lease()
            reply = await caller.send("key-1", BUY)
            assert (reply.status, reply.code) == (504, "outcome_unknown")
            assert reply.body["order"]["request"] == dict(BUY)


def test_with_tls_and_a_token_it_listens_beyond_loopback(tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    more = ("--host", "0.0.0.0", "--tls-cert", str(certificate), "--tls-key", str(key))  # noqa: S104
    with running(bridge_command(tmp_path, *more), environment(tmp_path, EDGERUNNER_MT5_BRIDGE_TOKEN=LONG)) as bridge:
        assert bridge.url.startswith("https://0.0.0.0:")


async def test_kill_and_resume_from_another_command(tmp_path: Path) -> None:
    command = bridge_command(tmp_path)
    async with aiohttp.ClientSession() as http:
        with running(command, environment(tmp_path)) as bridge:
            caller = Caller(bridge.url, http, bridge.token())
            await caller.take_lease()

            async def is_connected() -> bool:
                return bool((await caller.call("account_info")).body["result"])

            await until(is_connected, timeout_s=10, what="the terminal is connected")
            assert run([*command, "--kill"], environment(tmp_path)).returncode == 0
            assert (await caller.send("key-1")).code == "denied_by_risk"
            assert run([*command, "--resume"], environment(tmp_path)).returncode == 0
            assert (await caller.send("key-1")).status == 200


def test_the_command_of_the_product_is_the_same(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "edgerunner.cli", "mt5-bridge", *bridge_command(tmp_path)[3:]]
    with running(command, environment(tmp_path)) as bridge:
        assert bridge.stop() == 0
