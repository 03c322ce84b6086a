"""Attacks below HTTP: what two servers read differently, and what never ends."""

import asyncio

from tests.attacks.bench import World

REFUSALS = frozenset({400, 401, 403, 404, 408, 422, 431, None})


def _head(world: World, method: str, path: str, *headers: str) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Authorization: Bearer {world.key}", *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1")


def smuggled(world: World) -> dict[str, bytes]:
    """Return requests in which a proxy and we could see different ones."""

    def post(*headers: str) -> bytes:
        return _head(world, "POST", "/orders/cancel-all", "Content-Type: application/json", *headers)

    chunked = "Transfer-Encoding: chunked"
    return {
        "Content-Length and Transfer-Encoding": post("Content-Length: 5", chunked) + b"0\r\n\r\nGET / HTTP/1.1\r\n\r\n",
        "Transfer-Encoding and Content-Length": post(chunked, "Content-Length: 5") + b"0\r\n\r\nG",
        "two Content-Lengths": post("Content-Length: 5", "Content-Length: 6") + b"{}    ",
        "Content-Length: 5, 5": post("Content-Length: 5, 5") + b"{}   ",
        "Content-Length: -1": post("Content-Length: -1"),
        "Content-Length: +5": post("Content-Length: +5") + b"{}   ",
        "Content-Length: 1e3": post("Content-Length: 1e3") + b"{}",
        "Content-Length of 30 digits": post("Content-Length: " + "9" * 30),
        "Transfer-Encoding: xchunked": post("Transfer-Encoding: xchunked") + b"0\r\n\r\n",
        "Transfer-Encoding: chunked, identity": post("Transfer-Encoding: chunked, identity") + b"0\r\n\r\n",
        "chunk of 17 hexadecimal digits": post(chunked) + b"fffffffffffffffff\r\n",
        "chunk of negative size": post(chunked) + b"-1\r\n\r\n",
        "chunk size that is no number": post(chunked) + b"zz\r\n\r\n",
        "chunk longer than its size": post(chunked) + b"1\r\n{}}}}\r\n0\r\n\r\n",
        "folded header": _head(world, "GET", "/positions", "X: a", " b: c"),
        "space before the colon": _head(world, "GET", "/positions", "X : a"),
        "NUL in a header": _head(world, "GET", "/positions", "X: a\x00b"),
        "NUL in a header's name": _head(world, "GET", "/positions", "X\x00: a"),
        "bare CR in a header": _head(world, "GET", "/positions", "X: a\rb: c"),
        "two Hosts": _head(world, "GET", "/positions", "Host: evil.example", "Connection: close"),
        "absolute address of another host": b"GET http://evil.example/positions HTTP/1.1\r\n\r\n",
        "//positions without a key": b"GET //positions HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
        "/datasets/..": _head(world, "GET", "/datasets/..", "Connection: close"),
        "path with a raw backslash": _head(world, "GET", "/app/..\\..\\api_key", "Connection: close"),
        "HTTP/3.7": b"GET /positions HTTP/3.7\r\nHost: 127.0.0.1\r\n\r\n",
        "HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "TLS to the plain port": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 64,
        "address of 100,000 bytes": b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        "head without end": b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"a" * 300_000,
        "60,000 headers": b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"X: 1\r\n" * 60_000,
    }


async def wire(world: World) -> None:
    """Send what is no clean request, all at once, beside connections that drip or say nothing."""
    attacks = smuggled(world)
    if world.full:
        drip = _head(world, "POST", "/trade", "Content-Type: application/json", "Content-Length: 100")
        attacks["body that never comes (waits for the time-out)"] = drip
        attacks["silence (waits for the time-out)"] = b""
        attacks["half a head (waits for the time-out)"] = b"GET /positions HTTP/1.1\r\nHost: 127"
    answers = await asyncio.gather(*(world.raw(data) for data in attacks.values()))
    for name, (status, answer) in zip(attacks, answers, strict=True):
        world.note("wire", name, status, held=status in REFUSALS and answer.count(b"HTTP/1.1") <= 1)
