"""Attacks on the bridge: each is refused, each is in the audit log, and the terminal never hears of it."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from edgerunner.mt5_bridge.server import BindRefused, BridgeServer
from edgerunner.mt5_bridge.settings import HttpLimits
from tests.waiting import until
from tests.wire.mt5_bridge.certificates import make_certificate
from tests.wire.mt5_bridge.fake_terminal import FakeTerminal
from tests.wire.mt5_bridge.harness import BUY, OTHER, READER, TRADER, Bridge, bridge, settings_for

FAST = HttpLimits(requests_per_s=100_000, burst=100_000, header_s=0.3)


async def _unchanged(running: Bridge) -> None:
    """The terminal heard nothing but the bridge's own looks at the account."""
    assert {name for name, _, _ in running.terminal.calls} <= {"initialize", "account_info"}
    assert running.terminal.sent == []


@pytest.mark.parametrize("token", [None, "", "wrong", TRADER[:-1], TRADER + "x", "x" * 8000])
async def test_no_token_or_a_wrong_one(tmp_path: Path, token: str | None) -> None:
    async with bridge(tmp_path) as running:
        await running.until_state("connected")
        caller = running.caller(token)
        for method, path in (("GET", "/v1/status"), ("POST", "/v1/calls/account_info"), ("POST", "/v1/kill")):
            reply = await caller.ask(method, path)
            assert (reply.status, reply.code) == (401, "unauthorized")
            assert reply.headers["WWW-Authenticate"] == "Bearer"
        await running.until_audit(event="security", what="token", path="/v1/kill")
        await _unchanged(running)


async def test_a_token_that_is_not_given_as_bearer(tmp_path: Path) -> None:
    async with bridge(tmp_path) as running:
        caller = running.caller(None)
        for header in (TRADER, f"Basic {TRADER}", f"Bearer{TRADER}"):
            assert (await caller.ask("GET", "/v1/status", Authorization=header)).status == 401
        assert (await caller.ask("GET", f"/v1/status?token={TRADER}")).status == 401


async def test_a_stream_without_token(tmp_path: Path) -> None:
    async with bridge(tmp_path) as running:
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            async with running.caller(None).stream():
                pass
        assert refused.value.status == 401
        await running.until_audit(event="security", what="token", path="/v1/stream")


async def test_the_wrong_scope(tmp_path: Path) -> None:
    async with bridge(tmp_path) as running:
        await running.until_state("connected")
        reader = running.caller(READER)
        replies = [
            await reader.send("key-1"),
            await reader.call("login", login=1002),
            await reader.call("symbol_select", symbol="EURUSD", enable=False),
            await reader.take_lease(),
            await reader.ask("POST", "/v1/kill", {"reason": "x"}),
            await reader.ask("DELETE", "/v1/kill"),
            await reader.ask("GET", "/v1/orders?idempotency_key=key-1"),
        ]
        assert {(reply.status, reply.code) for reply in replies} == {(403, "forbidden")}
        await running.until_audit(event="security", what="scope", token="reader", path="/v1/calls/order_send")
        await _unchanged(running)


@pytest.mark.parametrize(
    "function",
    [
        "shutdown",
        "last_error",
        "Buy",
        "__import__",
        "__class__",
        "eval",
        "os.system",
        "..%2f..%2fetc%2fpasswd",
        "%00",
        "ORDER_SEND",
    ],
)
async def test_an_unknown_function(tmp_path: Path, function: str) -> None:
    async with bridge(tmp_path) as running:
        await running.until_state("connected")
        reply = await running.caller().ask("POST", f"/v1/calls/{function}", {})
        assert (reply.status, reply.code) == (404, "not_found")
        await _unchanged(running)
        if "%" not in function:
            await running.until_audit(event="security", what="function", function=function)


@pytest.mark.parametrize(
    "symbol",
    [
        'EURUSD"); __import__("os").system("touch /tmp/x"); ("',
        "EURUSD'; DROP TABLE orders; --",
        'EURUSD\n{"event":"forged"}',
        "EURUSD\x00",
        "EURUSD\u202e",
        "${jndi:ldap://x}",
        "<script>",
        "{0.__class__}",
        "`id`",
        "EURUSD|id",
        "..\\..\\x",
    ],
)
async def test_injected_strings_in_symbols(tmp_path: Path, symbol: str) -> None:
    async with bridge(tmp_path) as running:
        trader = await running.trader()
        replies = [
            await trader.call("symbol_info", symbol=symbol),
            await trader.call("symbols_get", group=symbol),
            await trader.call("order_check", request={**BUY, "symbol": symbol}),
            await trader.send("key-1", symbol=symbol),
        ]
        assert {(reply.status, reply.code) for reply in replies} == {(422, "validation_error")}
        await running.until_audit(event="security", what="symbol", path="/v1/calls/order_send")
        assert all(line["event"] != "forged" for line in running.audit())
        await _unchanged(running)


async def test_names_that_brokers_do_use_are_let_through(tmp_path: Path) -> None:
    async with bridge(tmp_path) as running:
        await running.until_state("connected")
        for name in ("GOLD#", "EURUSD.x", "BTCUSD!", "[SP500]", "BRK-B", "US 30", "_DX^", "A&B", "Газпром", "#AAPL@"):
            assert (await running.caller().call("symbol_info", symbol=name)).status == 200


async def test_an_oversized_body(tmp_path: Path) -> None:
    async with bridge(tmp_path) as running:
        await running.until_state("connected")
        caller = running.caller()
        reply = await caller.ask("POST", "/v1/calls/symbol_info", b'{"symbol":"' + b"x" * 70_000 + b'"}')
        assert (reply.status, reply.code) == (413, "payload_too_large")

        async def chunks() -> AsyncIterator[bytes]:
            for _ in range(100):
                yield b" " * 1000

        async with caller.http.post(
            f"{caller.url}/v1/calls/symbol_info",
            data=chunks(),
            headers=caller.headers | {"Content-Type": "application/json"},
        ) as response:
            assert response.status == 413
        await running.until_audit(event="security", what="body_size")
        await _unchanged(running)


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 60_000,
        b'{"symbol":' + b"[" * 60_000,
        b'{"symbol":' + b'{"a":' * 10_000 + b"1" + b"}" * 10_000 + b"}",
        b'{"more":' + b"[" * 60_000,
        b'{"symbol":"\xff\xfe"}',
        b'{"symbol":"\\ud800"}',
        b'{"symbol":"EURUSD"',
        b"null",
        b"3",
        b'{"symbol":' + b"9" * 60_000 + b"}",
    ],
)
async def test_a_deep_or_broken_body(tmp_path: Path, body: bytes) -> None:
    async with bridge(tmp_path) as running:
        await running.until_state("connected")
        reply = await running.caller().ask("POST", "/v1/calls/symbol_info", body)
        assert (reply.status, reply.code) == (422, "validation_error")
        await _unchanged(running)


async def test_numbers_that_do_not_fit(tmp_path: Path) -> None:
    async with bridge(tmp_path) as running:
        await running.until_state("connected")
        caller = running.caller()
        for body in (b'{"ticket":18446744073709551616}', b'{"ticket":-1}', b'{"ticket":1e400}', b'{"ticket":NaN}'):
            assert (await caller.ask("POST", "/v1/calls/orders_get", body)).code == "validation_error"
        assert (await caller.ask("POST", "/v1/calls/orders_get", b'{"ticket":' + b"9" * 5000 + b"}")).status == 422


async def test_a_body_of_another_kind(tmp_path: Path) -> None:
    async with bridge(tmp_path) as running:
        caller = running.caller()
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
            reply = await caller.ask("POST", "/v1/calls/version", b"{}", Content_Type=kind)
            assert (reply.status, reply.code) == (415, "unsupported_media_type")
        packed = await caller.ask("POST", "/v1/calls/version", b"\x1f\x8b", Content_Encoding="gzip")
        assert packed.status == 415


async def test_another_host_name_and_a_browser(tmp_path: Path) -> None:
    async with bridge(tmp_path) as running:
        caller = running.caller()
        for host in ("evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "", "[::ffff:1.2.3.4]"):
            assert (await caller.ask("GET", "/v1/status", Host=host)).code == "forbidden"
        for origin in ("https://evil.example", "null", running.server.url):
            assert (await caller.ask("GET", "/v1/status", Origin=origin)).code == "forbidden"
            assert (await caller.ask("GET", "/healthz", Origin=origin)).code == "forbidden"
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            async with caller.stream(Origin="https://evil.example"):
                pass
        assert refused.value.status == 403
        for host in ("localhost", "LOCALHOST:8103", "[::1]:8103", "127.0.0.1"):
            assert (await caller.ask("GET", "/v1/status", Host=host)).status == 200
        await running.until_audit(event="security", what="host", host="evil.example")
        await running.until_audit(event="security", what="origin", origin="https://evil.example")


async def test_header_injection(tmp_path: Path) -> None:
    async with bridge(tmp_path) as running:
        await running.until_state("connected")
        body = b'{"request":{}}'
        for value in (b"a\rb", b"a\x00b", b"a\r\n Bridge-Lease: forged", b"\xff\xfe", b"a b"):
            answer = await _raw(
                running,
                b"POST /v1/calls/order_send HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                b"Authorization: Bearer " + TRADER.encode() + b"\r\nIdempotency-Key: " + value + b"\r\n"
                b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body,
            )
            assert answer.split(b" ")[1] in {b"400", b"422"}, (value, answer)
            assert b"forged" not in answer.split(b"\r\n\r\n")[0]
        assert running.terminal.sent == []


async def test_bytes_that_are_no_text_in_headers_and_paths(tmp_path: Path) -> None:
    async with bridge(tmp_path) as running:
        await running.trader()
        head = b"Host: localhost\r\nConnection: close\r\nAuthorization: Bearer " + TRADER.encode() + b"\r\n"
        cases = [
            (b"PUT /v1/lease HTTP/1.1\r\nBridge-Lease: \xff\xfe\r\n", b" 400 "),
            (b"GET /v1/status HTTP/1.1\r\nCookie: \xc3\xbc\r\n", b" 400 "),
            (b"GET /v1/status HTTP/1.1\r\nOrigin: \xff\xfe\r\n", b" 400 "),
            (b"POST /v1/calls/%ff%fe HTTP/1.1\r\n", b" 404 "),
            (b"GET /v1/orders?idempotency_key=%ff%fe HTTP/1.1\r\n", b" 422 "),
        ]
        for line, status in cases:
            answer = await _raw(running, line + head + b"\r\n")
            assert status in answer.split(b"\r\n")[0], (line, answer)
        await running.until_audit(event="security", what="header", path="/v1/status")
        await running.until_audit(event="security", what="function")


async def test_two_lengths_and_other_smuggling(tmp_path: Path) -> None:
    async with bridge(tmp_path) as running:
        head = (
            b"POST /v1/calls/version HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + TRADER.encode() + b"\r\n"
        )
        for trick in (
            b"Content-Length: 2\r\nContent-Length: 30\r\n\r\n{}",
            b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            b"Transfer-Encoding: xchunked\r\n\r\n{}",
            b"Content-Length: -1\r\n\r\n",
        ):
            answer = await _raw(running, head + trick)
            assert b" 400 " in answer.split(b"\r\n")[0], (trick, answer)
            assert b"application/problem+json" in answer


async def test_slow_loris(tmp_path: Path) -> None:
    async with bridge(tmp_path, http=FAST) as running:
        silent = await asyncio.open_connection("127.0.0.1", running.server.port)
        dripping = await asyncio.open_connection("127.0.0.1", running.server.port)
        dripping[1].write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-")
        body = await asyncio.open_connection("127.0.0.1", running.server.port)
        body[1].write(
            b"POST /v1/calls/version HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Authorization: Bearer " + TRADER.encode() + b"\r\nContent-Length: 100\r\n\r\n{"
        )
        async with asyncio.timeout(5):
            assert await silent[0].read() == await dripping[0].read() == b""
            assert b" 400 " in await body[0].readuntil(b"\r\n")
        for _, writer in (silent, dripping, body):
            writer.close()
        await running.until_audit(event="security", what="slow_head")
        await running.until_audit(event="security", what="slow_body")


async def test_strangers_cannot_use_all_connections_up(tmp_path: Path) -> None:
    limits = HttpLimits(connections=8, header_s=60)
    async with bridge(tmp_path, http=limits) as running:
        idle = [await asyncio.open_connection("127.0.0.1", running.server.port) for _ in range(30)]

        async def serves() -> bool:
            return (await running.caller().ask("GET", "/v1/status")).status == 200

        await until(serves, timeout_s=5, what="a caller with a token is served")
        async with asyncio.timeout(5):  # the oldest ones were closed, and not only forgotten
            assert [await reader.read() for reader, _ in idle[:22]] == [b""] * 22
        for _, writer in idle:
            writer.close()
        await running.until_audit(event="security", what="too_many_connections")


async def test_ten_thousand_pending_requests(tmp_path: Path) -> None:
    terminal = FakeTerminal()
    async with bridge(tmp_path, terminal, queue_capacity=16) as running:
        await running.until_state("connected")
        terminal.hang_in = "version"
        calls = [asyncio.create_task(running.caller().call("version"))]
        await asyncio.to_thread(terminal.hanging.wait, 5)
        connections = [await asyncio.open_connection("127.0.0.1", running.server.port) for _ in range(40)]
        request = (
            b"POST /v1/calls/symbols_total HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
            + TRADER.encode()
            + b"\r\nContent-Length: 0\r\n\r\n"
        )
        for _, writer in connections:
            writer.write(request * 250)

        async def is_full() -> bool:
            return bool((await running.caller().ask("GET", "/v1/status")).body["queue"]["waiting"] >= 16)

        await until(is_full, timeout_s=5, what="the queue is full")
        refused = await running.caller().call("symbols_total")
        assert (refused.status, refused.code, refused.headers["Retry-After"]) == (503, "overloaded", "1")
        assert (await running.caller().ask("GET", "/v1/status")).body["queue"]["waiting"] == 16
        for _, writer in connections:
            writer.transport.abort()
        terminal.hang_in = None
        terminal.go_on.set()
        assert (await calls[0]).status == 200


async def test_too_many_requests_of_one_token(tmp_path: Path) -> None:
    limits = HttpLimits(requests_per_s=0.001, burst=5)
    async with bridge(tmp_path, http=limits) as running:
        replies = [await running.caller(READER).ask("GET", "/v1/status") for _ in range(7)]
        assert [reply.status for reply in replies] == [200] * 5 + [429] * 2
        assert replies[-1].headers["Retry-After"] == "1"
        assert (await running.caller(OTHER).ask("GET", "/v1/status")).status == 200
        await running.until_audit(event="security", what="rate", token="reader")


async def test_a_second_controller(tmp_path: Path) -> None:
    async with bridge(tmp_path) as running:
        await running.trader()
        for second in (running.caller(), running.caller(OTHER)):
            reply = await second.take_lease("second")
            assert (reply.status, reply.code) == (409, "conflict")
            assert "'test' controls this terminal until" in reply.body["detail"]
            assert (await second.send("key-1")).code == "lease_required"
            assert (await second.call("login", login=1002)).code == "lease_required"
            second.lease = "forged"
            assert (await second.call("login", login=1002)).code == "lease_lost"
            assert (await second.send("key-1")).code == "lease_lost"
        assert (await running.caller(OTHER).take_lease("second", take_over=True)).code == "conflict"
        await running.until_audit(event="security", what="lease", client="second", held_by="test", token="other")
        await running.until_audit(event="security", what="order", code="lease_lost")
        await running.until_audit(event="security", what="lease", code="lease_lost", path="/v1/calls/login")
        assert running.terminal.login == 1001
        assert running.terminal.sent == []


async def test_a_lease_of_another_token_is_worth_nothing(tmp_path: Path) -> None:
    async with bridge(tmp_path) as running:
        trader = await running.trader()
        thief = running.caller(OTHER)
        thief.lease = trader.lease
        assert (await thief.send("key-1")).code == "lease_lost"
        assert (await thief.ask("DELETE", "/v1/lease", Bridge_Lease=thief.lease or "")).code == "lease_lost"
        assert (await trader.send("key-1")).status == 200


async def test_a_restarted_program_takes_over_and_the_former_one_is_out(tmp_path: Path) -> None:
    async with bridge(tmp_path) as running:
        former = await running.trader()
        restarted = running.caller()
        assert (await restarted.take_lease("restarted", take_over=True)).status == 201
        assert (await former.send("key-1")).code == "lease_lost"
        assert (await restarted.send("key-2")).status == 200
        await running.until_audit(event="lease", what="taken_over", client="restarted")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org"])  # noqa: S104
async def test_a_bind_beyond_loopback_without_tls(tmp_path: Path, host: str) -> None:
    with pytest.raises(BindRefused, match="without TLS"):
        BridgeServer(settings_for(tmp_path, "fake", host=host))


async def test_a_bridge_without_any_token(tmp_path: Path) -> None:
    with pytest.raises(BindRefused, match="no token"):
        BridgeServer(settings_for(tmp_path, "fake", tokens=()))


async def test_with_tls_the_traffic_is_encrypted_and_plain_callers_get_nothing(tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    async with bridge(tmp_path / "data", tls=(certificate, key)) as running:
        trusting = ssl.create_default_context(cafile=str(certificate))
        headers = {"Authorization": f"Bearer {TRADER}"}
        url = f"https://localhost:{running.server.port}/v1/status"
        async with aiohttp.ClientSession() as http:
            async with http.get(url, headers=headers, ssl=trusting) as response:
                assert response.status == 200
            with pytest.raises(aiohttp.ClientError):
                await http.get(url.replace("https", "http"), headers=headers)
        with socket.create_connection(("127.0.0.1", running.server.port)) as raw:
            old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
            old.minimum_version = ssl.TLSVersion.TLSv1_2
            await asyncio.to_thread(lambda: old.wrap_socket(raw).close())


async def test_a_flood_of_refusals_does_not_fill_the_disk(tmp_path: Path) -> None:
    async with bridge(tmp_path) as running:
        stranger = running.caller("wrong")
        for _ in range(300):
            await stranger.ask("GET", "/v1/status")
        await running.until_audit(event="security", what="token")
        await running.caller().ask("POST", "/v1/kill", {"reason": "a line after the flood"})
        await running.until_audit(event="kill", engaged=True)
        assert sum(line["event"] == "security" for line in running.audit()) == 100


async def _raw(running: Bridge, request: bytes) -> bytes:
    """Send bytes and return everything that comes back until the bridge closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", running.server.port)
    writer.write(request)
    try:
        async with asyncio.timeout(5):
            return await reader.read()
    finally:
        writer.close()
