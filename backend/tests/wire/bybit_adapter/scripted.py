"""A small Bybit of fixed answers whose transport can be made to fail in every way."""

import asyncio
import json
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import WSMsgType, web

Json = dict[str, Any]
Behaviour = Callable[[web.Request], Awaitable[web.StreamResponse]]

KEY, SECRET, UID = "canary-key-0123456789", "canary-secret-0123456789", "1448939"

LINEAR = {
    "symbol": "BTCUSDT",
    "contractType": "LinearPerpetual",
    "status": "Trading",
    "baseCoin": "BTC",
    "quoteCoin": "USDT",
    "settleCoin": "USDT",
    "deliveryTime": "0",
    "priceFilter": {"tickSize": "0.10"},
    "lotSizeFilter": {"minOrderQty": "0.001", "qtyStep": "0.001", "maxOrderQty": "1190", "minNotionalValue": "5"},
}
SPOT = {
    "symbol": "BTCUSDT",
    "status": "Trading",
    "baseCoin": "BTC",
    "quoteCoin": "USDT",
    "priceFilter": {"tickSize": "0.01"},
    "lotSizeFilter": {"basePrecision": "0.000001", "minOrderAmt": "5"},
}

LISTED: dict[str, list[Json]] = {"spot": [SPOT], "linear": [LINEAR], "inverse": []}


@dataclass(frozen=True)
class Request:
    """One REST request as it arrived."""

    method: str
    path: str
    query: str
    parameters: Mapping[str, str]
    headers: Mapping[str, str]
    body: str


def answer(result: object, *, code: int = 0, text: str = "OK", headers: Mapping[str, str] | None = None) -> Behaviour:
    async def behave(request: web.Request) -> web.StreamResponse:
        envelope = {
            "retCode": code,
            "retMsg": text,
            "result": result,
            "retExtInfo": {},
            "time": time.time_ns() // 10**6,
        }
        return web.json_response(envelope, headers=headers)

    return behave


def refusal(code: int, text: str = "no", headers: Mapping[str, str] | None = None) -> Behaviour:
    return answer({}, code=code, text=text, headers=headers)


def status(number: int, body: str = "<html>sorry</html>") -> Behaviour:
    async def behave(request: web.Request) -> web.StreamResponse:
        return web.Response(status=number, text=body)

    return behave


def garbage() -> Behaviour:
    return status(200, '{"retCode": 0, "result": {')


async def silence(request: web.Request) -> web.StreamResponse:
    await asyncio.get_running_loop().create_future()
    raise AssertionError("unreachable")


async def reset(request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


class ScriptedBybit:
    """Answers with ``baseline`` unless ``script`` has something for the path."""

    def __init__(self) -> None:
        self.baseline: dict[str, Callable[[Any], object]] = {
            "/v5/market/time": lambda _: {"timeSecond": str(time.time_ns() // 10**9), "timeNano": str(time.time_ns())},
            "/v5/user/query-api": lambda _: {
                "userID": int(UID),
                "readOnly": 0,
                "permissions": {"Wallet": ["AccountTransfer"]},
            },
            "/v5/market/instruments-info": lambda p: {"list": LISTED[p["category"]]},
            "/v5/account/info": lambda _: {"marginMode": "REGULAR_MARGIN"},
            "/v5/position/list": lambda _: {"list": []},
            "/v5/account/wallet-balance": lambda _: {"list": [{"totalEquity": "1", "coin": []}]},
            "/v5/order/create": lambda _: {"orderId": "order-1", "orderLinkId": ""},
            "/v5/order/amend": lambda _: {"orderId": "order-1", "orderLinkId": ""},
            "/v5/order/cancel": lambda _: {"orderId": "order-1", "orderLinkId": ""},
        }
        self.script: defaultdict[str, deque[Behaviour]] = defaultdict(deque)
        self.requests: list[Request] = []
        self.sockets: defaultdict[str, list[web.WebSocketResponse]] = defaultdict(list)
        self.transports: defaultdict[str, list[asyncio.Transport]] = defaultdict(list)
        self.received: defaultdict[str, list[Json]] = defaultdict(list)
        self.opened: defaultdict[str, list[float]] = defaultdict(list)
        self.login_answer: Json = {"success": True, "ret_msg": ""}
        self.answers_pings = True
        self.trade: Callable[[Json], Json | None] = lambda message: {"retCode": 0, "data": {"orderId": "order-1"}}
        self.port = 0
        self.runner: web.AppRunner

    def then(self, path: str, *behaviours: Behaviour) -> None:
        """Let the next requests to a path meet these behaviours."""
        self.script[path].extend(behaviours)

    def sent(self, path: str) -> list[Request]:
        return [request for request in self.requests if request.path == path]

    async def start(self) -> None:
        application = web.Application()
        for path in ("/v5/private", "/v5/trade", "/v5/public/spot", "/v5/public/linear", "/v5/public/inverse"):
            application.router.add_get(path, self._socket)
        application.router.add_route("*", "/{path:.*}", self._rest)
        self.runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        await self.runner.setup()
        site = web.TCPSite(self.runner, "127.0.0.1", self.port)
        await site.start()
        self.port = int(self.runner.addresses[0][1])

    async def stop(self) -> None:
        """Cut every connection and stop listening; ``start`` listens on the same port again."""
        for kind in tuple(self.sockets):
            self.hang_up(kind)
        await self.runner.cleanup()

    async def push(self, kind: str, message: object) -> None:
        for socket in self.sockets[kind]:
            await socket.send_str(message if isinstance(message, str) else json.dumps(message))

    def hang_up(self, kind: str) -> None:
        """Cut every connection of a kind without a closing handshake."""
        for transport in self.transports[kind]:
            transport.abort()
        self.transports[kind].clear()
        self.sockets[kind].clear()

    async def _rest(self, request: web.Request) -> web.StreamResponse:
        body = (await request.read()).decode()
        seen = Request(
            request.method,
            request.path,
            request.rel_url.raw_query_string,
            dict(request.query),
            request.headers.copy(),
            body,
        )
        self.requests.append(seen)
        if self.script[request.path]:
            return await self.script[request.path].popleft()(request)
        make = self.baseline.get(request.path)
        return await answer({"list": []} if make is None else make(seen.parameters))(request)

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        kind = request.path.removeprefix("/v5/").removeprefix("public/")
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.opened[kind].append(time.monotonic())
        self.sockets[kind].append(socket)
        assert request.transport is not None
        self.transports[kind].append(request.transport)
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    told = json.loads(message.data)
                    self.received[kind].append(told)
                    reply = self._reply(kind, told)
                    if reply is not None:
                        await socket.send_str(json.dumps(reply))
        finally:
            if socket in self.sockets[kind]:
                self.sockets[kind].remove(socket)
        return socket

    def _reply(self, kind: str, told: Json) -> Json | None:
        match told["op"]:
            case "ping":
                return {"op": "pong", "args": ["1"], "ret_msg": "pong"} if self.answers_pings else None
            case "auth":
                words = {"retCode": 0, "retMsg": "OK"} if kind == "trade" else self.login_answer
                return {"op": "auth", **words}
            case "subscribe" | "unsubscribe" as op:
                return {"success": True, "ret_msg": "", "op": op, "req_id": told.get("req_id", "")}
            case op:
                reply = self.trade(told)
                return None if reply is None else {"reqId": told["reqId"], "op": op, "retMsg": "", **reply}

    def logins(self, kind: str) -> int:
        return sum(message["op"] == "auth" for message in self.received[kind])

    def topics(self, kind: str, op: str = "subscribe") -> list[str]:
        return [topic for message in self.received[kind] if message["op"] == op for topic in message["args"]]


@asynccontextmanager
async def scripted_bybit() -> AsyncIterator[ScriptedBybit]:
    server = ScriptedBybit()
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
