"""Random requests with a valid token: each has an answer that is meant, and the bridge goes on."""

import asyncio
import json
import random
from pathlib import Path
from typing import Any

import pytest

from edgerunner.mt5_bridge.terminal_module import OFFERED
from edgerunner.mt5_surface.functions import FUNCTIONS
from edgerunner.mt5_surface.structs import TradeRequest
from tests.wire.mt5_bridge.harness import TRADER, bridge

REQUESTS = 400
MEANT = {200, 201, 204, 400, 403, 404, 405, 409, 411, 413, 415, 422, 501, 504}
WORDS = [
    b"",
    b"0",
    b"\xff",
    b"a" * 300,
    b"EURUSD",
    b"\x7f",
    b"%00",
    b"../..",
    b"1e999",
    b"{}",
    b"null",
    b"\xe2\x80\xae",
]
VALUES: list[Any] = [
    None,
    True,
    0,
    -1,
    2**63,
    2**64,
    1.5,
    -0.0,
    1e308,
    "",
    "EURUSD",
    "x" * 70,
    "\u202e",
    [],
    {},
    [[]],
    {"a": 1},
]


class Dice:
    """Requests from a seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def body(self, function: str) -> bytes:
        names = [parameter.name for parameter in FUNCTIONS[function].parameters] if function in FUNCTIONS else ["x"]
        given = {name: self.random.choice(VALUES) for name in names if self.random.random() < 0.8}
        if "request" in given and self.random.random() < 0.8:
            fields = TradeRequest.__match_args__
            given["request"] = {name: self.random.choice(VALUES) for name in fields if self.random.random() < 0.2}
        text = json.dumps(given).encode()
        return text if self.random.random() < 0.9 else self.random.randbytes(self.random.randrange(200))

    def request(self) -> bytes:
        choice = self.random.choice
        function = choice([*OFFERED, "shutdown", "x"])
        target = f"/v1/calls/{function}".encode()
        if self.random.random() < 0.3:
            rest = [b"/v1/status", b"/v1/lease", b"/v1/kill", b"/v1/orders", b"/v1/stream", b"/healthz", b"/", b"//"]
            target = choice(rest) + choice([b"", b"?idempotency_key=", b"?a=%ff", b"/%ff", b"/../x"])
        method = choice([b"POST"] * 6 + [b"GET", b"PUT", b"DELETE", b"PATCH", b"HEAD", b"OPTIONS", b"TRACE"])
        body = self.body(function)
        lines = [method + b" " + target + b" HTTP/1.1", b"Host: localhost", b"Connection: close"]
        lines.append(b"Authorization: Bearer " + TRADER.encode())
        lines.append(b"Content-Type: " + choice([b"application/json"] * 9 + WORDS))
        lines.append(b"Content-Length: %d" % len(body))
        names = (b"Idempotency-Key", b"Bridge-Lease", b"X-More", b"Upgrade", b"Content-Encoding")
        lines += [name + b": " + choice(WORDS) for name in names if self.random.random() < 0.2]
        return b"\r\n".join(lines) + b"\r\n\r\n" + body


@pytest.mark.parametrize("seed", [1, 2, 13])
async def test_every_request_has_an_answer_that_is_meant(tmp_path: Path, seed: int) -> None:
    dice = Dice(seed)
    async with bridge(tmp_path) as running:
        await running.until_state("connected")
        for number in range(REQUESTS):
            request = dice.request()
            reader, writer = await asyncio.open_connection("127.0.0.1", running.server.port)
            writer.write(request)
            async with asyncio.timeout(10):
                answer = await reader.read()
            writer.close()
            status = int(answer.split(b" ")[1])
            assert status in MEANT, f"seed {seed}, request {number}: {request!r} -> {answer[:500]!r}"
        assert (await running.caller().ask("GET", "/v1/status")).status == 200
        assert running.terminal.sent == []
