"""The API as its callers meet it: bodies, queries, signals, uploads, stream frames; never a 500."""

import json
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.api.harness import API_KEY, BASE_URL, CONNECTION_ID, LINEAR_ID, Api, order_body, running_api, served_api
from tests.fuzz.damage import damaged_bytes, damaged_json, hostile_texts, json_messages, json_values, rubbish, written
from tests.fuzz.declared import require
from tests.fuzz.target import Target, served
from tests.unit.storage.market_samples import GENERIC, QUOTES

DOCUMENT = json.loads((Path(__file__).parents[2] / "api" / "openapi.json").read_text(encoding="utf-8"))
_NAMES = {
    "strategy_id": "tv", "client_order_id": "01JD8Z4K3V7Q2M5N9R1T6W8X0Y", "connection_id": CONNECTION_ID, "run_id": "r",
    "dataset_id": "01JD8Z4K3V7Q2M5N9R1T6W8X0Y", "expert_id": "e", "user": "somebody", "key_id": "k",
}  # fmt: skip
_IDENTITY: dict[str, list[Any]] = {
    "/auth/login": [{"user": "a", "password": "b", "code": "123456"}], "/auth/refresh": [{"refresh_token": "x"}],
    "/auth/password": [{"current": "a", "new": "b"}], "/auth/totp/confirm": [{"code": "123456"}],
    "/users": [{"user": "somebody", "password": "a long password of words", "role": "viewer"}],
    "/api-keys": [{"name": "x", "scopes": ["read"], "expires_at": None, "allowed_ips": ["127.0.0.1/32"]}],
}  # fmt: skip


def _examples(operation: dict[str, Any]) -> list[Any]:
    """Return the document's own examples of a body."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    return [example["value"] for example in content.get("examples", {}).values() if "value" in example]


BODIES: dict[tuple[str, str], list[Any]] = {
    (method, path): _examples(operation) or [{}]
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
    if method in {"post", "put", "patch"} and path != "/datasets"
} | {("post", path): bodies for path, bodies in _IDENTITY.items()}
IDENTITY = sorted(("post", path) for path in _IDENTITY)
"""Apart from the others: a password costs a quarter of a second each."""
OTHERS = sorted(BODIES.keys() - set(IDENTITY))
BODIES["post", "/trade"].append(order_body(client_order_id="A1", time_in_force="gtc"))
QUERIES: dict[str, list[str]] = {
    path: [parameter["name"] for parameter in operations["get"].get("parameters", []) if parameter["in"] == "query"]
    for path, operations in DOCUMENT["paths"].items()
    if "get" in operations and not path.startswith("/app")
}
_VALUES = st.one_of(
    hostile_texts,
    st.sampled_from(
        (CONNECTION_ID, LINEAR_ID, "1m", "2026-11-23T04:00:00Z", "open", "all", "50", "json", "USD", "true")
    ),
)


@st.composite
def _requests(draw: st.DrawFn, operations: list[tuple[str, str]]) -> tuple[str, str, bytes]:
    method, path = draw(st.sampled_from(operations))
    bodies = BODIES[method, path]
    body = draw(st.one_of(damaged_json(bodies).map(written), damaged_json(bodies).map(written), json_messages(bodies)))
    return method, _filled(draw, path), body


def _filled(draw: st.DrawFn, path: str) -> str:
    for name in [part[1:-1] for part in path.split("/") if part.startswith("{")]:
        value = draw(hostile_texts) if draw(st.integers(0, 4)) == 0 else _NAMES.get(name, "x")
        path = path.replace("{" + name + "}", quote(value.encode("utf-8", "replace"), safe="") or "x")
    return path


@st.composite
def _queries(draw: st.DrawFn) -> str:
    path = draw(st.sampled_from(sorted(QUERIES)))
    names = draw(st.lists(st.sampled_from([*QUERIES[path], "x"]), max_size=4, unique=draw(st.integers(0, 5)) > 0))
    pairs = [f"{name}={quote(draw(_VALUES).encode('utf-8', 'replace'), safe='')}" for name in names]
    if draw(st.integers(0, 9)) == 0:
        pairs.append(draw(st.sampled_from(("%ff=1", "a=%", "=", "&&", "limit=%00", "limit[]=1", "a;b"))))
    return f"{_filled(draw, path)}?{'&'.join(pairs)}"


@asynccontextmanager
async def _api() -> AsyncIterator[Api]:
    with tempfile.TemporaryDirectory() as folder:
        async with running_api(Path(folder), rate_limit_factor=0) as api:
            await api.connect()
            yield api


@asynccontextmanager
async def _served() -> AsyncIterator[Api]:
    with tempfile.TemporaryDirectory() as folder:
        async with served_api(Path(folder), rate_limit_factor=0) as api:
            await api.connect()
            yield api


async def _answered(api: Api, method: str, path: str, body: bytes | None, kind: str) -> None:
    answer = await api.http.request(method, f"{BASE_URL}{path}", content=body, headers={"Content-Type": kind})
    require(answer.status_code != 500, f"{method} {path} answered 500: {answer.text[:300]}")
    if answer.status_code >= 400 and answer.content:
        problem = answer.json()
        require(isinstance(problem.get("code"), str), f"{answer.status_code} without a code: {answer.text[:200]}")
    alive = await api.http.get("/healthz")
    require(alive.status_code in {200, 429}, f"health is {alive.status_code}")


async def _body(api: Api, given: tuple[str, str, bytes]) -> None:
    method, path, body = given
    await _answered(api, method.upper(), path, body, "application/json")


async def _query(api: Api, path: str) -> None:
    await _answered(api, "GET", path, None, "application/json")


async def _signal(api: Api, given: tuple[str, bytes]) -> None:
    strategy_id, body = given
    path = f"/signals/{quote(strategy_id.encode('utf-8', 'replace'), safe='') or 'x'}"
    await _answered(api, "POST", path, body, "text/plain")


async def _upload(api: Api, body: bytes) -> None:
    await _answered(api, "POST", "/datasets", body, "multipart/form-data; boundary=b")


async def _frames(api: Api, given: tuple[bool, list[bytes], bool]) -> None:
    """A client that breaks the protocol is told why and closed with its code; the next one is served."""
    authenticates, frames, is_text = given
    address = str(api.http.base_url).rstrip("/").replace("http", "ws", 1) + "/ws/broker"
    try:
        async with connect(address, proxy=None, close_timeout=2) as socket:
            if authenticates:
                await socket.send(json.dumps({"op": "authenticate", "token": API_KEY}))
            for data in frames:
                await socket.send(data, text=is_text)
            await socket.send(json.dumps({"op": "authenticate", "token": "wrong" * 10}))
            while True:
                message = json.loads(await socket.recv())
                require(message["kind"] in {"ack", "error", "snapshot", "delta", "heartbeat"}, f"{message}")
    except ConnectionClosed as closed:
        code = closed.rcvd.code if closed.rcvd else None
        require(code in {4400, 4401, 1002, 1007, 1009}, f"closed with {code}")
    async with connect(address, proxy=None, close_timeout=2) as socket:
        await socket.send(json.dumps({"op": "authenticate", "token": API_KEY}))
        require(json.loads(await socket.recv())["kind"] == "ack", "the next client is not served")


def _part(head: str, content: str) -> bytes:
    return f"--b\r\nContent-Disposition: form-data; {head}\r\n\r\n{content}\r\n".encode()


UPLOADS = [
    _part('name="instrument_id"', LINEAR_ID) + _part('name="file"; filename="a.csv"', content) + b"--b--\r\n"
    for content in (GENERIC, QUOTES, "")
] + [_part('name="file"; filename="../../x"', GENERIC) * 2 + b"--b--\r\n"]
SIGNALS: list[Any] = [
    {"secret": "s", "action": "buy", "instrument_id": LINEAR_ID, "quantity": "1", "price": 1.5, "id": "a"},
    {"action": "close"},
]
OPERATIONS: list[Any] = [
    {"op": "subscribe", "channel": "orders", "from_seq": 1, "epoch": "EPOCH-1"},
    {"op": "unsubscribe", "channel": "pnl"},
    {"op": "subscribe", "channel": f"quotes:{CONNECTION_ID}:{LINEAR_ID}"}, {"op": "resync", "channel": "fills"},
    {"op": "subscribe", "channel": f"bars:{CONNECTION_ID}:{LINEAR_ID}:1m"}, {"op": "authenticate", "token": "x"},
]  # fmt: skip
_frame_bytes: SearchStrategy[bytes] = st.one_of(
    damaged_json(OPERATIONS).map(written), json_messages(OPERATIONS), json_values.map(written), rubbish
)

TARGETS: tuple[Target, ...] = (
    served("api_bodies", "routes and schemas: bodies of every operation", _requests(OTHERS), _api, _body),
    served("api_identity", "routes.auth and others: bodies about users and keys", _requests(IDENTITY), _api, _body),
    served("api_queries", "routes and schemas: query parameters of every operation", _queries(), _api, _query),
    served(
        "api_signals",
        "routes.signals: alerts",
        st.tuples(st.one_of(st.just("tv"), hostile_texts), json_messages(SIGNALS)),
        _api,
        _signal,
    ),
    served("api_uploads", "routes.uploads: multipart bodies", damaged_bytes(UPLOADS), _api, _upload),
    served(
        "api_stream",
        "routes.stream: frames of clients",
        st.tuples(st.booleans(), st.lists(_frame_bytes, max_size=4), st.booleans()),
        _served,
        _frames,
    ),
)
