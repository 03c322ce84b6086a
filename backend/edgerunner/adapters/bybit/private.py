"""The private stream: login, and orders, executions, positions and wallet as they change."""

import asyncio
from collections.abc import Callable
from typing import Final

import msgspec

from edgerunner.adapters.bybit.errors import Verdict, verdict_of
from edgerunner.adapters.bybit.link import StatusListener
from edgerunner.adapters.bybit.transport import Transport
from edgerunner.adapters.bybit.values import Malformed
from edgerunner.adapters.bybit.wire import UNREADABLE, Push
from edgerunner.domain.errors import BrokerAuthFailed, BrokerUnreachable

TOPICS: Final = ("order", "execution", "position", "wallet")
_LOGIN_AHEAD_MS: Final = 10_000
"""How far in the server's future a login expires: late messages and a clock a bit off do no harm."""

_pushes = msgspec.json.Decoder(Push)


class PrivateSession:
    """Speaks the private stream's protocol over its link; hands each push to ``on_push``."""

    def __init__(
        self,
        transport: Transport,
        on_status: StatusListener,
    ) -> None:
        self._signer = transport.signer
        self._rest = transport.rest
        self.on_push: Callable[[Push], None] = _nobody
        self._answers: dict[str, asyncio.Future[Push]] = {}
        self.link = transport.link("private", transport.options.endpoints.private, self, on_status)

    def ping(self) -> bytes:
        """Return a heartbeat."""
        return b'{"op":"ping"}'

    async def greet(self) -> None:
        """Log in, then subscribe to every topic; raises ``BrokerAuthFailed`` or ``BrokerUnreachable``."""
        await self._rest.try_clock()
        expires_ms = self._rest.server_clock.now_ms() + _LOGIN_AHEAD_MS
        answer = await self._ask("auth", self._signer.login(expires_ms=expires_ms))
        if answer.is_refusal:
            code = answer.ret_code or 0
            if code and verdict_of(code, answer.reason) is not Verdict.AUTH:
                raise BrokerUnreachable(f"login to the private stream failed: {answer.reason}")
            raise BrokerAuthFailed(f"login to the private stream refused: {answer.reason}")
        answer = await self._ask("subscribe", list(TOPICS))
        if answer.is_refusal:
            raise BrokerUnreachable(f"private topics refused: {answer.reason}")

    def receive(self, message: bytes) -> None:
        """Take in a message; raises ``Malformed`` for one that may have held an event."""
        try:
            push = _pushes.decode(message)
        except UNREADABLE as error:
            raise Malformed(str(error)) from error
        if push.topic:
            self.on_push(push)
        elif push.op in {"pong", "ping"}:
            self.link.pong()
        elif push.op in self._answers:
            answer = self._answers[push.op]
            if not answer.done():
                answer.set_result(push)
        elif push.is_refusal:
            raise Malformed(f"the server reports {push.reason}")

    def lost(self, reason: str) -> None:
        """Nobody waits for an answer any more."""
        for answer in self._answers.values():
            if not answer.done():
                answer.set_exception(BrokerUnreachable(reason))
        self._answers.clear()

    async def _ask(self, op: str, args: list[str | int] | list[str]) -> Push:
        """Send a request and wait for its answer; the link bounds the wait."""
        answer: asyncio.Future[Push] = asyncio.get_running_loop().create_future()
        self._answers[op] = answer
        try:
            await self.link.send(msgspec.json.encode({"op": op, "req_id": op, "args": args}))
            return await answer
        finally:
            self._answers.pop(op, None)


def _nobody(push: Push) -> None:
    del push
