"""The bridge's HTTP: parse, ask whoever knows, render."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

import msgspec
from aiohttp import WSMsgType, web
from msgspec import Meta

from edgerunner.mt5_bridge.calls import Call, InvalidSymbol, decode, parse_call
from edgerunner.mt5_bridge.connection import TerminalConnection
from edgerunner.mt5_bridge.http_gate import BODY, PUBLIC, HttpGate, require
from edgerunner.mt5_bridge.kill_switch import KillSwitch
from edgerunner.mt5_bridge.lease import Lease, LeaseDesk
from edgerunner.mt5_bridge.order_desk import OrderDesk, OrderTicket
from edgerunner.mt5_bridge.problems import Code, Problem, invalid
from edgerunner.mt5_bridge.records import Records
from edgerunner.mt5_bridge.settings import Scope, Token
from edgerunner.mt5_bridge.stream_client import StreamClient, TooSlow
from edgerunner.mt5_bridge.stream_hub import StreamHub
from edgerunner.mt5_bridge.terminal_module import CallAnswer, FunctionMissing, ModuleFailed, TerminalModule
from edgerunner.mt5_bridge.wire import encode, plain, timestamp
from edgerunner.mt5_bridge.worker import NotAnswering, Priority, QueueFull, StillRunning, TerminalWorker

LEASE_HEADER: Final = "Bridge-Lease"
KEY_HEADER: Final = "Idempotency-Key"
REPLAYED_HEADER: Final = "Idempotency-Replayed"
FRAME_BYTES: Final = 4096
PING_S: Final = 20
MAXIMUM_ANSWER_ROWS: Final = 1_000_000
_BIG_ROWS: Final = 5_000
_PROTOCOL_ERROR: Final = 4400
_TOO_SLOW: Final = 4408
_GOING_AWAY: Final = 1001


class _LeaseRequest(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    client: Annotated[str, Meta(min_length=1, max_length=64)]
    ttl_s: Annotated[int, Meta(ge=5, le=60)] = 15
    take_over: bool = False


class _KillRequest(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    reason: Annotated[str, Meta(min_length=1, max_length=200)]


class _StreamRequest(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    op: Annotated[str, Meta(max_length=16)]
    channel: Annotated[str, Meta(min_length=1, max_length=80)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desks:
    """Who knows what."""

    worker: TerminalWorker
    connection: TerminalConnection
    orders: OrderDesk
    leases: LeaseDesk
    kill_switch: KillSwitch
    records: Records
    hub: StreamHub
    gate: HttpGate
    status: Callable[[], Mapping[str, Any]]
    call_timeout_s: float


class Routes:
    """The handlers."""

    def __init__(self, desks: Desks) -> None:
        self._desks = desks
        self._sockets: set[web.WebSocketResponse] = set()

    def add_to(self, application: web.Application) -> None:
        """Register every path."""
        application.add_routes(
            [
                web.get(PUBLIC, self._health),
                web.get("/v1/status", self._status),
                web.post("/v1/calls/{function}", self._call),
                web.get("/v1/orders", self._order),
                web.post("/v1/lease", self._acquire),
                web.put("/v1/lease", self._extend),
                web.delete("/v1/lease", self._release),
                web.get("/v1/kill", self._killed),
                web.post("/v1/kill", self._kill),
                web.delete("/v1/kill", self._resume),
                web.get("/v1/stream", self._stream),
            ]
        )

    async def close_streams(self) -> None:
        """Close every stream."""
        await asyncio.gather(
            *(socket.close(code=_GOING_AWAY, message=b"the bridge stops") for socket in tuple(self._sockets)),
            return_exceptions=True,
        )

    async def _health(self, _request: web.Request) -> web.Response:
        return _answer({"ok": True})

    async def _status(self, request: web.Request) -> web.Response:
        require(request, Scope.READ, self._desks.gate)
        return _answer(self._desks.status())

    async def _call(self, request: web.Request) -> web.Response:
        token = require(request, Scope.READ, self._desks.gate)
        call = self._parsed(request)
        if call.needs_control:
            require(request, Scope.TRADE, self._desks.gate)
        if call.function == "order_send":
            return await self._send(request, call, token)
        if call.needs_control:
            self._extended(request, token)
        try:
            answer = await self._asked(call)
        except (QueueFull, NotAnswering, StillRunning, FunctionMissing, ModuleFailed) as error:
            raise _problem_of(error) from error
        if call.function == "login":
            self._desks.records.note("login", login=call.arguments["login"], ok=answer.result is True, token=token.name)
        return await _rendered(answer)

    def _parsed(self, request: web.Request) -> Call:
        function = request.match_info["function"]
        try:
            return parse_call(function, request[BODY])
        except InvalidSymbol as problem:
            self._desks.gate.security("symbol", request, detail=problem.detail)
            raise
        except Problem as problem:
            if problem.code is Code.NOT_FOUND:
                self._desks.gate.security("function", request, function=function)
            raise

    async def _asked(self, call: Call) -> CallAnswer:
        if call.function == "initialize":
            return await self._desks.connection.initialize(call.arguments.get("login"))
        if call.function == "login":
            return await self._desks.connection.login(call.arguments["login"])
        if call.function == "order_check":
            positional: list[object] = [dict(call.request)]
        else:
            positional = call.positional()
        named = call.named()

        def job(module: TerminalModule) -> CallAnswer:
            return module.call(call.function, *positional, **named)

        answer = await self._desks.worker.run(job, priority=Priority.CALL, timeout_s=self._desks.call_timeout_s)
        self._desks.connection.note(answer)
        return answer

    async def _send(self, request: web.Request, call: Call, token: Token) -> web.Response:
        ticket = OrderTicket(
            key=request.headers.get(KEY_HEADER, ""),
            token_name=token.name,
            lease_id=request.headers.get(LEASE_HEADER),
            request=call.request,
        )
        try:
            answer = await self._desks.orders.send(ticket)
        except Problem as problem:
            if problem.code in {Code.LEASE_LOST, Code.LEASE_REQUIRED, Code.IDEMPOTENCY_CONFLICT, Code.FORBIDDEN}:
                self._desks.gate.security("order", request, code=problem.code, key=ticket.key, token=token.name)
            raise
        headers = {REPLAYED_HEADER: "true"} if answer.is_replayed else {}
        return web.Response(body=answer.body, content_type="application/json", headers=headers)

    async def _order(self, request: web.Request) -> web.Response:
        token = require(request, Scope.TRADE, self._desks.gate)
        if set(request.query) != {"idempotency_key"}:
            raise invalid("idempotency_key", "this query parameter, and no other, is required")
        return _answer({"order": await self._desks.orders.find(request.query["idempotency_key"], token.name)})

    async def _acquire(self, request: web.Request) -> web.Response:
        token = require(request, Scope.TRADE, self._desks.gate)
        wanted: _LeaseRequest = decode(request[BODY], _LeaseRequest)
        if not wanted.client.isprintable():
            raise invalid("client", "it holds characters that cannot be printed")
        holder = self._desks.leases.current
        try:
            lease = self._desks.leases.acquire(
                client=wanted.client, token_name=token.name, ttl_s=wanted.ttl_s, take_over=wanted.take_over
            )
        except Problem:
            held_by = holder.client if holder is not None else None
            self._desks.gate.security("lease", request, client=wanted.client, token=token.name, held_by=held_by)
            raise
        what = "taken_over" if holder is not None else "acquired"
        self._desks.records.note("lease", what=what, client=lease.client, token=token.name)
        self._desks.hub.tell_state()
        return self._lease_answer(lease, status=201)

    async def _extend(self, request: web.Request) -> web.Response:
        token = require(request, Scope.TRADE, self._desks.gate)
        return self._lease_answer(self._extended(request, token), status=200)

    def _extended(self, request: web.Request, token: Token) -> Lease:
        try:
            return self._desks.leases.extend(request.headers.get(LEASE_HEADER), token_name=token.name)
        except Problem as problem:
            self._desks.gate.security("lease", request, code=problem.code, token=token.name)
            raise

    async def _release(self, request: web.Request) -> web.Response:
        token = require(request, Scope.TRADE, self._desks.gate)
        self._desks.leases.release(request.headers.get(LEASE_HEADER), token_name=token.name)
        self._desks.records.note("lease", what="released", token=token.name)
        self._desks.hub.tell_state()
        return web.Response(status=204)

    def _lease_answer(self, lease: Lease, *, status: int) -> web.Response:
        body = {
            "lease_id": lease.lease_id,
            "client": lease.client,
            "ttl_s": lease.ttl_s,
            "expires_at": self._desks.leases.ends_at_text(lease),
        }
        return _answer(body, status=status)

    async def _killed(self, request: web.Request) -> web.Response:
        require(request, Scope.READ, self._desks.gate)
        return _answer(kill_view(self._desks.kill_switch))

    async def _kill(self, request: web.Request) -> web.Response:
        token = require(request, Scope.TRADE, self._desks.gate)
        wanted: _KillRequest = decode(request[BODY], _KillRequest)
        return self._switched(token, reason=wanted.reason)

    async def _resume(self, request: web.Request) -> web.Response:
        return self._switched(require(request, Scope.TRADE, self._desks.gate), reason=None)

    def _switched(self, token: Token, *, reason: str | None) -> web.Response:
        try:
            if reason is not None:
                self._desks.kill_switch.engage(reason)
            else:
                self._desks.kill_switch.release()
        except OSError as error:
            raise Problem(Code.JOURNAL_UNAVAILABLE, f"the kill file cannot be written: {error}") from error
        self._desks.records.note("kill", engaged=reason is not None, reason=reason, token=token.name)
        self._desks.hub.tell_state()
        return _answer(kill_view(self._desks.kill_switch))

    async def _stream(self, request: web.Request) -> web.WebSocketResponse:
        token = require(request, Scope.READ, self._desks.gate)
        socket = web.WebSocketResponse(max_msg_size=FRAME_BYTES, heartbeat=PING_S, compress=False, timeout=5)
        if not socket.can_prepare(request):
            raise Problem(Code.BAD_REQUEST, "this path is a WebSocket")
        await socket.prepare(request)
        self._sockets.add(socket)
        client = StreamClient(lambda frame: socket.send_str(frame.decode()))
        writer = asyncio.create_task(self._write(client, socket), name="mt5-stream-writer")
        try:
            await self._read(client, socket, token)
        finally:
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
            await self._desks.hub.leave(client)
            self._sockets.discard(socket)
        return socket

    async def _write(self, client: StreamClient, socket: web.WebSocketResponse) -> None:
        try:
            await client.write()
        except TooSlow:
            await socket.close(code=_TOO_SLOW, message=b"too slow")
        except ConnectionError:
            await socket.close()

    async def _read(self, client: StreamClient, socket: web.WebSocketResponse, token: Token) -> None:
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                await socket.close(code=_PROTOCOL_ERROR, message=b"text frames only")
                return
            try:
                self._desks.gate.take(token)
                wanted: _StreamRequest = decode(message.data.encode("utf-8", "surrogatepass"), _StreamRequest)
            except Problem as problem:
                await socket.close(code=_PROTOCOL_ERROR, message=str(problem.code).encode())
                return
            if wanted.op not in {"subscribe", "unsubscribe", "resync"}:
                await socket.close(code=_PROTOCOL_ERROR, message=b"no such op")
                return
            await self._operate(client, wanted)

    async def _operate(self, client: StreamClient, wanted: _StreamRequest) -> None:
        named = {"op": wanted.op, "channel": wanted.channel}
        try:
            self._desks.hub.check(wanted.channel, client)
            if wanted.op == "resync" and wanted.channel not in client.channels:
                raise Problem(Code.CONFLICT, "subscribe to the channel first")
        except Problem as problem:
            error = {"kind": "error", **named, "code": str(problem.code), "detail": problem.detail}
            client.put(None, encode(error))
            return
        client.put(None, encode({"kind": "ack", **named, "ok": True}))
        if wanted.op == "unsubscribe":
            await self._desks.hub.unsubscribe(wanted.channel, client)
        else:
            self._desks.hub.subscribe(wanted.channel, client)


def kill_view(kill_switch: KillSwitch) -> dict[str, Any]:
    """Return the kill switch as it is on the wire."""
    state = kill_switch.state()
    since = timestamp(state.since) if state.since is not None else None
    return {"engaged": state.is_engaged, "reason": state.reason, "since": since}


async def _rendered(answer: CallAnswer) -> web.Response:
    size = len(answer.result) if hasattr(answer.result, "__len__") else 0
    if size > MAXIMUM_ANSWER_ROWS:
        raise Problem(
            Code.PAYLOAD_TOO_LARGE,
            f"the answer has {size} rows, more than {MAXIMUM_ANSWER_ROWS}: ask for less",
            extra={"last_error": answer.last_error},
        )
    body = await asyncio.to_thread(_encoded, answer) if size > _BIG_ROWS else _encoded(answer)
    return web.Response(body=body, content_type="application/json")


def _encoded(answer: CallAnswer) -> bytes:
    try:
        return encode({"result": plain(answer.result), "last_error": answer.last_error})
    except ModuleFailed as error:
        raise Problem(Code.BROKER_ERROR, str(error)) from error


def _answer(body: Mapping[str, Any], *, status: int = 200) -> web.Response:
    return web.Response(status=status, body=encode(body), content_type="application/json")


def _problem_of(error: Exception) -> Problem:
    match error:
        case QueueFull():
            return Problem(Code.OVERLOADED, str(error), retry_after_s=1)
        case NotAnswering() | StillRunning():
            return Problem(Code.BROKER_TIMEOUT, str(error))
        case FunctionMissing():
            return Problem(Code.UNSUPPORTED, str(error))
        case _:
            return Problem(Code.BROKER_ERROR, str(error))
