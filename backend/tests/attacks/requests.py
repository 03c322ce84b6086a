"""Attacks that are one request each: hosts, methods, forged headers, ambiguous bodies, numbers, paths, addresses."""

import base64

from tests.attacks.bench import Request, World, order, send
from tests.system.product import CONNECTION_ID

REFUSED = frozenset({400, 401, 403, 404, 405, 413, 414, 415, 422, 431})
INVALID = frozenset({422})
NO_KEY = frozenset({401})
UNSIGNED = ".".join(base64.urlsafe_b64encode(part).decode() for part in (b'{"alg":"none"}', b'{"sub":"admin"}', b""))


def _trade(name: str, **changes: object) -> Request:
    return Request(name=name, method="POST", path="/trade", body=order(**changes), allowed=INVALID)


def _body(name: str, content: bytes, *headers: tuple[str, str]) -> Request:
    return Request(name=name, method="POST", path="/trade", content=content, headers=headers, allowed=INVALID)


def _host(host: str) -> Request:
    return Request(name=f"Host: {host}", headers=[("Host", host)], allowed=frozenset({403}))


def _connect(name: str, broker: str, **fields: object) -> Request:
    body = {"broker": broker, "environment": "demo" if broker != "ibkr" else "paper", **fields}
    return Request(name=name, method="POST", path="/broker/connect", body=body, allowed=INVALID)


IDENTITY = [
    Request(name="no key", with_key=False, allowed=NO_KEY),
    Request(name="key of 10,000 characters", with_key=False, headers=[("Authorization", "Bearer " + "x" * 10_000)], allowed=NO_KEY),
    Request(name="unsigned token (alg none)", with_key=False, headers=[("Authorization", f"Bearer {UNSIGNED}")], allowed=NO_KEY),
    Request(name="key in the query", with_key=False, params=[("token", "x"), ("api_key", "x")], allowed=NO_KEY),
    Request(name="key in a cookie", with_key=False, headers=[("Cookie", "Authorization=Bearer x")], allowed=NO_KEY),
    Request(name="Basic credentials", with_key=False, headers=[("Authorization", "Basic YWRtaW46YWRtaW4=")], allowed=NO_KEY),
    Request(name="two Authorization headers", headers=[("Authorization", "Bearer x"), ("Authorization", "Bearer y")], allowed=REFUSED),
    Request(name="X-Original-URL to a public path", with_key=False, headers=[("X-Original-URL", "/healthz"), ("X-Rewrite-URL", "/healthz")], allowed=NO_KEY),
    Request(name="X-Forwarded-For: 127.0.0.1", with_key=False, headers=[("X-Forwarded-For", "127.0.0.1")], allowed=NO_KEY),
    Request(name="public prefix and then away: /app/../positions", with_key=False, path="/app/%2e%2e/positions", allowed=frozenset({200, 404})),
    Request(name="/healthz;/../positions", with_key=False, path="/healthz;/../positions", allowed=REFUSED),
    Request(name="TRACE", method="TRACE", allowed=REFUSED),
    Request(name="PROPFIND", method="PROPFIND", allowed=REFUSED),
    Request(name="verb tampering: HEAD /trade", method="HEAD", path="/trade", allowed=REFUSED),
    Request(name="X-HTTP-Method-Override: DELETE", method="POST", path="/orders/anything", headers=[("X-HTTP-Method-Override", "DELETE")], allowed=frozenset({405})),
    Request(name="_method=DELETE", method="POST", path="/orders/cancel-all", params=[("_method", "DELETE")], body={}, allowed=INVALID),
]  # fmt: skip

BROWSER = [
    *(_host(host) for host in ("evil.example", "127.0.0.1.evil.example", "[::1]evil.example", "127.0.0.1:80@evil.example", "localhost.", "rebound.example:8000")),
    Request(name="form post from a page (text/plain)", method="POST", path="/trade", content=b'{"a":1}', headers=[("Content-Type", "text/plain"), ("Origin", "https://evil.example")], allowed=INVALID),
    Request(name="preflight of a foreign page", method="OPTIONS", path="/trade", with_key=False, headers=[("Origin", "https://evil.example"), ("Access-Control-Request-Method", "POST")], allowed=frozenset({403})),
    Request(name="preflight of Origin: null", method="OPTIONS", path="/trade", with_key=False, headers=[("Origin", "null"), ("Access-Control-Request-Method", "POST")], allowed=frozenset({403})),
]  # fmt: skip

BODIES = [
    _body("the same name twice", b'{"side":"buy","side":"sell"}'),
    _body("NaN", b'{"quantity":NaN}'),
    _body("Infinity", b'{"quantity":Infinity}'),
    _body("1e999999999 as a number", b'{"quantity":1e999999999}'),
    _body("number of 100,000 digits", b'{"quantity":' + b"9" * 100_000 + b"}"),
    _body("100,000 arrays in one another", b"[" * 100_000),
    _body("100,000 objects in one another", b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
    _body("half a surrogate pair", b'{"side":"\\ud800"}'),
    _body("byte order mark", b"\xef\xbb\xbf{}"),
    _body("UTF-16", '{"side":"buy"}'.encode("utf-16")),
    _body("bytes that are no UTF-8", b'{"side":"\xff\xfe"}'),
    _body("a second document behind the first", b"{} {}"),
    _body("comment in JSON", b'{"side":"buy"/*x*/}'),
    _body("no content type", b"{}", ("Content-Type", "")),
    _body("XML with an entity", b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', ("Content-Type", "application/xml")),
    Request(name="body of 2 MB", method="POST", path="/trade", content=b" " * 2_000_000, allowed=frozenset({413})),
    _trade("unknown field __proto__", __proto__={"admin": True}),
    _trade("fields of another call", actor="someone", status="filled"),
    _trade('quantity "1E+999999999"', quantity="1E+999999999"),
    _trade("quantity of 10,000 digits", quantity="9" * 10_000),
    _trade("quantity NaN", quantity="NaN"),
    _trade("quantity -1", quantity="-1"),
    _trade("quantity 1_000", quantity="1_000"),
    _trade("quantity in Arabic digits", quantity="\u0663"),
    _trade("quantity in full-width digits", quantity="\uff11"),
    _trade("quantity 0x10", quantity="0x10"),
    _trade("quantity with a NUL", quantity="1\x00"),
    _trade("connection with a Cyrillic letter", connection_id="bybit-\u0455im"),
    _trade("client_order_id right to left", client_order_id="a\u202eb"),
    _trade("client_order_id with a line feed", client_order_id="a\r\nFAKE level=info"),
    _trade("client_order_id =cmd|' /C calc'!A0", client_order_id="=cmd|' /C calc'!A0"),
    _trade("client_order_id <script>", client_order_id="<script>alert(1)</script>"),
    Request(name="strategy called <img src=x onerror=...>", method="POST", path="/strategies", body={"strategy_id": "<img src=x onerror=alert(1)>", "class": "SmaCross", "parameters": {}, "connection_id": CONNECTION_ID, "instrument_ids": ["BTCUSDT-LINEAR.BYBIT"], "timeframe": "1m"}, allowed=INVALID),
    Request(name="strategy class os.system", method="POST", path="/strategies", body={"strategy_id": "evil", "class": "os.system", "parameters": {}, "connection_id": CONNECTION_ID, "instrument_ids": ["BTCUSDT-LINEAR.BYBIT"], "timeframe": "1m"}, allowed=REFUSED),
    Request(name="idempotency key of 10,000 characters", method="POST", path="/trade", body=order(), headers=[("Idempotency-Key", "k" * 10_000)], allowed=INVALID),
    Request(name="limit=1000000", path="/fills", params=[("limit", "1000000")], allowed=INVALID),
    Request(name="limit=-1", path="/fills", params=[("limit", "-1")], allowed=INVALID),
    Request(name="cursor ' OR 1=1 --", path="/fills", params=[("cursor", "' OR 1=1 --")], allowed=INVALID),
    Request(name="the same parameter twice", path="/fills", params=[("limit", "1"), ("limit", "2")], allowed=INVALID),
    Request(name="101 headers", headers=[(f"X-{number}", "1") for number in range(101)], allowed=frozenset({431})),
    Request(name="header of 20,000 bytes", headers=[("X-Big", "a" * 20_000)], allowed=frozenset({431})),
    Request(name="path of 3,000 characters", path="/" + "a" * 3_000, allowed=frozenset({414})),
    Request(name="query of 10,000 bytes", params=[("a", "b" * 10_000)], allowed=frozenset({414})),
]  # fmt: skip

_UP = "..%2f..%2f..%2f..%2f"
PATHS = [
    Request(name=f"GET {path[:50]}", path=path, allowed=frozenset({200, *REFUSED}) if path.startswith("/app") else REFUSED)
    for path in (
        f"/app/{_UP}etc%2fpasswd", "/app/assets/%2e%2e/%2e%2e/api_key", "/app/..%5c..%5capi_key", "/app/%00", "/app/C:%5cboot.ini",
        f"/backtest/runs/{_UP}api_key/report", "/backtest/runs/%2e%2e/report", f"/datasets/{_UP}api_key", "/datasets/CON",
        "/datasets/%00", f"/strategies/{_UP}api_key", "/strategies/%2e%2e/log", f"/orders/{_UP}api_key/events", f"/experts/backtests/{_UP}api_key",
        "/orders/a%0d%0aFAKE%20level=info/events",
    )
] + [
    Request(name="POST /signals/..%2f..%2ftrade", method="POST", path="/signals/..%2f..%2ftrade", body={}, with_key=False, allowed=REFUSED),
    Request(name="connection ../../evil", method="POST", path="/broker/connect", body={"broker": "bybit", "environment": "simulated", "connection_id": "../../evil"}, allowed=INVALID),
    Request(name="dataset of a backtest ../../api_key", method="POST", path="/backtest/run", body={"strategy": "SmaCross", "parameters": {}, "instrument_id": "BTCUSDT-LINEAR.BYBIT", "timeframe": "1m", "data": {"dataset_id": "../../api_key"}, "initial_cash": "10000"}, allowed=REFUSED),
    Request(name="strategy of a backtest ../evil.py", method="POST", path="/backtest/run", body={"strategy": "../evil.py", "parameters": {}, "instrument_id": "BTCUSDT-LINEAR.BYBIT", "timeframe": "1m", "data": {"connection_id": CONNECTION_ID}, "initial_cash": "10000"}, allowed=REFUSED),
]  # fmt: skip

_KEYS = {"api_key": "attack-key", "api_secret": "attack-secret"}
REACH = [
    _connect("Bybit at the metadata service", "bybit", credentials=_KEYS, options={"base_url": "http://169.254.169.254"}),
    _connect("Bybit at evil.example", "bybit", credentials=_KEYS, options={"rest_url": "https://evil.example"}),
    _connect("Bybit at api.bybit.com.evil.example", "bybit", credentials=_KEYS, options={"base_url": "https://api.bybit.com.evil.example"}),
    _connect("Bybit by user@", "bybit", credentials=_KEYS, options={"base_url": "https://api.bybit.com@evil.example"}),
    _connect("Bybit without TLS", "bybit", credentials=_KEYS, options={"base_url": "http://api.bybit.com"}),
    _connect("Bybit at file:///etc/passwd", "bybit", credentials=_KEYS, options={"base_url": "file:///etc/passwd"}),
    _connect("TWS at the metadata service", "ibkr", credentials={"host": "169.254.169.254", "port": "80"}),
    _connect("TWS at ::ffff:169.254.169.254", "ibkr", credentials={"host": "::ffff:169.254.169.254", "port": "80"}),
    _connect("TWS at 0.0.0.0", "ibkr", credentials={"host": "0.0.0.0", "port": "80"}),  # noqa: S104 - what is refused
    _connect("TWS at a multicast address", "ibkr", credentials={"host": "224.0.0.1", "port": "80"}),
    _connect("TWS host with a line feed", "ibkr", credentials={"host": "a\r\nb", "port": "80"}),
    _connect("bridge at the metadata service", "mt5", credentials={"bridge_token": "x"}, options={"bridge_url": "https://169.254.169.254"}),
    _connect("bridge beyond this machine without TLS", "mt5", credentials={"bridge_token": "x"}, options={"bridge_url": "http://10.0.0.1"}),
    _connect("bridge with a path", "mt5", credentials={"bridge_token": "x"}, options={"bridge_url": "http://127.0.0.1/orders?x="}),
    Request(name="simulators' control at evil.example", method="POST", path="/broker/connect", body={"broker": "bybit", "environment": "simulated", "options": {"control_url": "http://evil.example:8100"}}, allowed=INVALID),
    Request(name="simulators' control with a path", method="POST", path="/broker/connect", body={"broker": "bybit", "environment": "simulated", "options": {"control_url": "http://127.0.0.1:8100/orders?x="}}, allowed=INVALID),
    Request(name="an address that is no simulator called simulated", method="POST", path="/broker/connect", body={"broker": "bybit", "environment": "simulated", "options": {"base_url": "http://127.0.0.1:22"}}, allowed=frozenset({422, 502})),
]  # fmt: skip


async def identity(world: World) -> None:
    """Get in without a key, or by another door."""
    for request in IDENTITY:
        await send(world, "identity", request)


async def browser(world: World) -> None:
    """Use the owner's browser."""
    for request in BROWSER:
        answer = await send(world, "browser", request)
        if "access-control-allow-origin" in answer.headers:
            world.note("browser", f"{request.name}: permission to read", "given", held=False)


async def bodies(world: World) -> None:
    """Say what two programs read differently, what is endless, and what speaks to a log, a table or a page."""
    orders_before = len(await world.orders())
    for request in BODIES:
        await send(world, "bodies", request)
    placed = len(await world.orders()) - orders_before
    world.note("bodies", "orders placed by all of them", placed, held=placed == 0)
    forged = [line for line in world.product.log().splitlines() if line.startswith("FAKE")]
    world.note("bodies", "log lines that they forged", len(forged), held=not forged)


async def paths(world: World) -> None:
    """Reach a file."""
    for request in PATHS:
        answer = await send(world, "paths", request)
        if "root:" in answer.text:
            world.note("paths", f"{request.name}: a file of the system", "shown", held=False)


async def reach(world: World) -> None:
    """Make the server call somebody else."""
    for request in REACH:
        await send(world, "reach", request)
