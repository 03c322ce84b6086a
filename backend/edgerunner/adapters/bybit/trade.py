"""Order entry by WebSocket: one request, one answer, matched by ``reqId``."""

import asyncio
import itertools
from collections.abc import Mapping
from typing import Final

import msgspec

from edgerunner.adapters.bybit.errors import Verdict, command_error, verdict_of
from edgerunner.adapters.bybit.limits import Priority
from edgerunner.adapters.bybit.transport import Transport
from edgerunner.adapters.bybit.values import Malformed, Scalar, whole
from edgerunner.adapters.bybit.wire import UNREADABLE, OrderIds, TradeReply, decoded
from edgerunner.adapters.wire_mark import handed_over
from edgerunner.domain.errors import BrokerAuthFailed, BrokerUnreachable, OutcomeUnknown

_LOGIN_AHEAD_MS: Final = 10_000
_REPEATED_LOGIN: Final = 20001

_replies = msgspec.json.Decoder(TradeReply)


class TradeSession:
    """Speaks the trade stream's protocol."""

    def __init__(self, transport: Transport, url: str) -> None:
        self._options = transport.options
        self._signer = transport.signer
        self._rest = transport.rest
        self._scheduler = transport.scheduler
        self._numbers = itertools.count(1)
        self._login: asyncio.Future[TradeReply] | None = None
        self._waiting: dict[str, asyncio.Future[TradeReply]] = {}
        self.link = transport.link("trade", url, self, lambda _status, _reason: None)  # REST stands in for it

    @property
    def is_ready(self) -> bool:
        """Whether orders can be sent here now."""
        return self.link.is_up

    def ping(self) -> bytes:
        """Return a heartbeat."""
        return b'{"op":"ping"}'

    async def greet(self) -> None:
        """Log in; raises ``BrokerAuthFailed`` or ``BrokerUnreachable``."""
        await self._rest.try_clock()
        expires_ms = self._rest.server_clock.now_ms() + _LOGIN_AHEAD_MS
        args = self._signer.login(expires_ms=expires_ms)
        reply = await self._log_in(msgspec.json.encode({"op": "auth", "reqId": "auth", "args": args}))
        if reply.ret_code in {0, _REPEATED_LOGIN}:
            return
        if verdict_of(reply.ret_code, reply.ret_msg, on_trade_socket=True) is Verdict.AUTH:
            raise BrokerAuthFailed(f"login to the trade stream refused: {reply.ret_msg} ({reply.ret_code})")
        raise BrokerUnreachable(f"login to the trade stream failed: {reply.ret_msg} ({reply.ret_code})")

    async def _log_in(self, request: bytes) -> TradeReply:
        """Send the login and wait for its answer; the link bounds the wait."""
        answer: asyncio.Future[TradeReply] = asyncio.get_running_loop().create_future()
        self._login = answer
        try:
            await self.link.send(request)
            return await answer
        finally:
            self._login = None
            if answer.done() and not answer.cancelled():
                answer.exception()  # read also when sending failed: an unread one is logged as lost

    def receive(self, message: bytes) -> None:
        """Hand an answer to who waits for it; raises ``Malformed`` for an unreadable one."""
        try:
            reply = _replies.decode(message)
        except UNREADABLE as error:
            raise Malformed(str(error)) from error
        if reply.op == "pong":
            self.link.pong()
            return
        waiting = self._login if reply.op == "auth" else self._waiting.get(reply.req_id)
        if waiting is not None and not waiting.done():
            waiting.set_result(reply)

    def lost(self, reason: str) -> None:
        """Tell everyone who waits that no answer will come."""
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(OutcomeUnknown(f"the trade stream broke before the answer: {reason}"))
        if self._login is not None and not self._login.done():
            self._login.set_exception(BrokerUnreachable(reason))
        self._login = None

    async def command(self, op: str, body: Mapping[str, object], *, bucket: str, priority: Priority) -> OrderIds:
        """Send an order command, once; the errors are those of ``RestClient.command``.

        ``NotConnected`` when the stream went down before the first byte.
        """
        async with self._scheduler.place(bucket, priority, self._options.queue_timeout_s) as place:
            reply = await self._answered(op, body)
            if reply.header is not None:
                place.learn(limit=_figure(reply.header.limit))
            if reply.ret_code == 10006:
                reset_ms = None if reply.header is None else _figure(reply.header.reset)
                place.exceeded(wait_ns=self._rest.rate_pause_ns(reset_ms))
        error = command_error(reply.ret_code, reply.ret_msg, on_trade_socket=True)
        if error is not None:
            if verdict_of(reply.ret_code, reply.ret_msg) is Verdict.CLOCK:
                self.link.renew("the time stamp of an order was refused")  # the login measures the clock
            raise error
        try:
            return decoded(reply.data, OrderIds)
        except Malformed:
            return OrderIds()  # done, but without its id: the order's report will tell it

    async def _answered(self, op: str, body: Mapping[str, object]) -> TradeReply:
        number = f"er-{next(self._numbers)}"
        header = {
            "X-BAPI-TIMESTAMP": str(self._rest.server_clock.now_ms()),
            "X-BAPI-RECV-WINDOW": self._signer.recv_window,
        }
        answer: asyncio.Future[TradeReply] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            message = {"reqId": number, "header": header, "op": op, "args": [body]}
            await self.link.send(msgspec.json.encode(message))
            handed_over()
            async with asyncio.timeout(self._options.request_timeout_s):
                return await answer
        except TimeoutError:
            raise OutcomeUnknown(f"no answer to {op} within {self._options.request_timeout_s:g} s") from None
        finally:
            del self._waiting[number]


def _figure(value: Scalar, /) -> int | None:
    try:
        return whole(value)
    except Malformed:
        return None
