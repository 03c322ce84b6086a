"""Real processes: `edgerunner serve`, users and keys made beside it by the command line, streams that end with them."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

pytestmark = pytest.mark.system

PASSWORD = "quiet-otters-row-home"
READY_S, END_S = 60, 10

Json = dict[str, Any]


def environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "EDGERUNNER_DATA_DIR": str(folder), "EDGERUNNER_PORT": "0", "EDGERUNNER_SIM_CONNECT": "false"}


def command(folder: Path, *words: str, expected: int = 0) -> Json:
    """Run a command and return its only line."""
    ended = subprocess.run(
        [sys.executable, "-m", "edgerunner.cli", *words, "--json"],
        env=environment(folder),
        input=PASSWORD + "\n",
        capture_output=True,
        text=True,
        timeout=READY_S,
        check=False,
    )
    assert ended.returncode == expected, ended.stderr
    assert PASSWORD not in ended.stdout + ended.stderr
    return dict(json.loads(ended.stdout.splitlines()[0]))


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    """The address of a running installation in ``tmp_path`` that had one user before it was started."""
    command(tmp_path, "user", "add", "anna", "--role", "admin", "--password-file", "-")
    log = (tmp_path / "serve.log").open("w")
    process = subprocess.Popen(
        [sys.executable, "-m", "edgerunner.cli", "serve", "--json"],
        env=environment(tmp_path),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, (tmp_path / "serve.log").read_text()
        yield str(json.loads(line)["url"])
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
        if process.stdout is not None:
            process.stdout.close()
        log.close()


@asynccontextmanager
async def reading(url: str, token: str) -> AsyncIterator[ClientConnection]:
    """A stream that reads orders."""
    async with connect(f"{url.replace('http', 'ws')}/ws/broker", proxy=None) as socket:
        for operation in ({"op": "authenticate", "token": token}, {"op": "subscribe", "channel": "orders"}):
            await socket.send(json.dumps(operation))
            async with asyncio.timeout(END_S):
                assert json.loads(await socket.recv())["kind"] == "ack"
        yield socket


async def close_code(socket: ClientConnection) -> int | None:
    with suppress(ConnectionClosed):
        async with asyncio.timeout(END_S):
            while True:
                await socket.recv()
    return socket.close_code


async def test_what_the_command_line_revokes_ends_at_the_running_installation(served: str, tmp_path: Path) -> None:
    async with httpx.AsyncClient(base_url=served, trust_env=False, timeout=READY_S) as http:
        signed_in = (await http.post("/auth/login", json={"user": "anna", "password": PASSWORD})).json()
        token = signed_in["access_token"]
        made = await asyncio.to_thread(
            command, tmp_path, "api-key", "create", "bot", "--scope", "read", "--user", "anna"
        )
        for credential in (token, made["key"]):
            response = await http.get("/orders/status", headers={"Authorization": f"Bearer {credential}"})
            assert response.status_code == 200, response.text
        async with reading(served, made["key"]) as by_key, reading(served, token) as by_token:
            await asyncio.to_thread(command, tmp_path, "api-key", "revoke", made["api_key"]["key_id"])
            assert await close_code(by_key) == 4401
            await asyncio.to_thread(command, tmp_path, "user", "disable", "anna")
            assert await close_code(by_token) == 4401
        for credential in (token, made["key"]):
            response = await http.get("/orders/status", headers={"Authorization": f"Bearer {credential}"})
            assert response.status_code == 401
        own_key = (tmp_path / "api_key").read_text().strip()
        log = (await http.get("/audit", headers={"Authorization": f"Bearer {own_key}"})).json()["entries"]
    assert [(entry["actor"], entry["action"], entry["target"], entry["result"]) for entry in reversed(log)] == [
        ("command-line", "user add", "anna", "ok"),
        ("user:anna", "sign_in", "anna", "ok"),
        ("command-line", "api-key create", "bot", "ok"),
        ("command-line", "api-key revoke", made["api_key"]["key_id"], "ok"),
        ("command-line", "user change", "anna", "ok"),
    ]
    for secret in (PASSWORD, token, signed_in["refresh_token"], made["key"]):
        assert secret not in (tmp_path / "serve.log").read_text()


def test_the_command_line_works_without_a_running_installation(tmp_path: Path) -> None:
    added = command(tmp_path, "user", "add", "anna", "--role", "trader", "--password-file", "-")
    assert added["user"]["role"] == "trader"
    assert command(tmp_path, "user", "role", "anna", "admin")["user"]["role"] == "admin"
    assert command(tmp_path, "user", "list")["user"]["user"] == "anna"
    assert command(tmp_path, "user", "add", "anna", "--password-file", "-", expected=4)["event"] == "error"
    assert (
        command(tmp_path, "api-key", "create", "x", "--scope", "read", "--user", "none", expected=4)["exit_code"] == 4
    )
    assert command(tmp_path, "user", "renew-signing-key")["event"] == "signing_key_renewed"
    assert command(tmp_path, "user", "remove", "anna")["event"] == "removed"
