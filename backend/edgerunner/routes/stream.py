"""The stream ``WS /ws/broker``: authenticate, subscribe, and be told what changes."""

import asyncio
from collections.abc import Callable, Iterable
from typing import cast

from fastapi import APIRouter
from pydantic import ValidationError
from starlette.datastructures import Headers
from starlette.websockets import WebSocket, WebSocketDisconnect

from edgerunner.domain.errors import Conflict, EdgerunnerError, InvalidRequest, Unauthorized
from edgerunner.routes.channels import is_market_channel
from edgerunner.routes.errors import field_errors, problem_response
from edgerunner.routes.guard import Callers
from edgerunner.routes.stream_credential import StreamCredential
from edgerunner.routes.stream_lanes import Lanes
from edgerunner.routes.stream_protocol import CLOSE_NOW
from edgerunner.routes.strict import parse_json
from edgerunner.routes.topics import Topics
from edgerunner.schemas.problems import problem
from edgerunner.schemas.stream import (
    OPERATIONS,
    AckMessage,
    AuthenticateOperation,
    ErrorMessage,
    SubscribeOperation,
    UnsubscribeOperation,
)
from edgerunner.services.hub import Channel, StreamClient

AUTHENTICATION_TIMEOUT_S = 5.0
CLOSE_TIMEOUT_S = 1.0
MAXIMUM_FRAME = 65_536
MAXIMUM_CHANNELS = 256
"""Most channels of one client."""

QUEUE_FRAMES = 10_000
"""Most frames waiting for one client; one more and it is too slow."""

QUEUE_BYTES = 16_000_000

PROTOCOL_ERROR = 4400
NOT_AUTHENTICATED = 4401
INTERNAL_ERROR = 1011
"""RFC 6455, 7.4.1."""

TOO_SLOW = 4408

Operation = AuthenticateOperation | SubscribeOperation | UnsubscribeOperation

router = APIRouter()


@router.websocket("/ws/broker")
async def stream(websocket: WebSocket) -> None:
    """Serve one client of the stream."""
    callers = cast("Callers", websocket.app.state.callers)
    if not is_allowed_origin(websocket.headers, callers.access.cors_origins):
        detail = "Pages of this origin may not read the stream: EDGERUNNER_CORS_ORIGINS lists those that may."
        await websocket.send_denial_response(problem_response(problem(status=403, code="forbidden", detail=detail)))
        return
    await websocket.accept()
    topics = cast("Topics", websocket.app.state.topics)
    await StreamSession(websocket, callers, topics).run()


def is_allowed_origin(headers: Headers, origins: Iterable[str]) -> bool:
    """Tell whether a page may open the stream: a listed one, or our own; programs send no origin."""
    origin, host = headers.get("origin"), headers.get("host", "")
    return origin is None or origin in {*origins, f"http://{host}", f"https://{host}"}


class _Refusal(Exception):
    """The client broke the protocol; it is told why and closed with ``close_code``."""

    def __init__(self, close_code: int, code: str, detail: str, op: str | None = None) -> None:
        super().__init__(detail)
        self.close_code = close_code
        self.detail = detail
        self.message = ErrorMessage(kind="error", op=op, channel=None, code=code, detail=detail)


class StreamSession:
    """One client from its first frame to its last."""

    def __init__(self, websocket: WebSocket, callers: Callers, topics: Topics) -> None:
        self._websocket = websocket
        self._credential = StreamCredential(callers, websocket.scope)
        self._topics = topics
        self._client = StreamClient(websocket.send_text, queue_frames=QUEUE_FRAMES, queue_bytes=QUEUE_BYTES)
        self._channels: dict[str, Channel] = {}
        self._lanes = Lanes(most=MAXIMUM_CHANNELS)

    async def run(self) -> None:
        """Serve until the client goes, breaks the protocol, is too slow, or its credential ends."""
        reader = asyncio.create_task(self._read())
        writer = asyncio.create_task(self._client.write())
        slow = asyncio.create_task(self._client.too_slow.wait())
        ended = asyncio.create_task(self._credential.ended.wait())
        tasks = (reader, self._lanes.broken, writer, slow, ended)
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
            self._credential.release()
            await self._leave()
        await self._end(next((each for each in results[1::-1] if isinstance(each, Exception)), None))

    async def _end(self, ending: object) -> None:
        """Close with the code that fits; a client that has gone is not told."""
        if self._client.too_slow.is_set():
            await self._close(TOO_SLOW, "too slow: read faster or subscribe to less")
            return
        if self._credential.ended.is_set():
            await self._close(NOT_AUTHENTICATED, "the credential has expired or was revoked")
        elif isinstance(ending, _Refusal):
            self._client.queue_reply(ending.message.model_dump_json())
            await self._close(ending.close_code, ending.detail)
        elif isinstance(ending, Exception) and not isinstance(ending, WebSocketDisconnect):
            raise ending

    async def _close(self, code: int, reason: str) -> None:
        reason = reason.encode()[:120].decode(errors="ignore")  # a close frame holds 125 bytes, 2 of them the code
        close_now = cast("Callable[[int, str], None] | None", self._websocket.scope["extensions"].get(CLOSE_NOW))
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await self._client.flush()
                await self._websocket.close(code, reason)
        except TimeoutError:
            if close_now is not None:
                close_now(code, reason)
        except (WebSocketDisconnect, RuntimeError):
            return  # the client went first

    async def _read(self) -> None:
        await self._authenticate()
        while True:
            operation = await self._receive()
            if not isinstance(operation, AuthenticateOperation) and is_market_channel(operation.channel):
                self._in_its_lane(operation)
            else:
                await self._attempt(operation)

    def _in_its_lane(self, operation: SubscribeOperation | UnsubscribeOperation) -> None:
        """Let no other channel wait for a broker that takes its time."""
        try:
            self._lanes.add(operation.channel, lambda: self._attempt(operation))
        except EdgerunnerError as error:
            self._refuse(operation, error)

    async def _attempt(self, operation: Operation) -> None:
        try:
            await self._carry_out(operation)
        except EdgerunnerError as error:
            self._refuse(operation, error)

    async def _authenticate(self) -> None:
        try:
            async with asyncio.timeout(AUTHENTICATION_TIMEOUT_S):
                operation = await self._receive()
        except TimeoutError:
            detail = f"authenticate within {AUTHENTICATION_TIMEOUT_S:g} seconds"
            raise _Refusal(NOT_AUTHENTICATED, "unauthorized", detail, "authenticate") from None
        if not isinstance(operation, AuthenticateOperation):
            detail = 'the first frame must be {"op":"authenticate","token":...}'
            raise _Refusal(NOT_AUTHENTICATED, "unauthorized", detail, operation.op)
        try:
            await self._prove(operation)
        except EdgerunnerError as error:  # the data folder does not answer: no fault of the credential
            raise _Refusal(INTERNAL_ERROR, error.code, error.detail, "authenticate") from None

    async def _prove(self, operation: AuthenticateOperation) -> None:
        try:
            await self._credential.prove(operation.token)
        except Unauthorized as error:
            raise _Refusal(NOT_AUTHENTICATED, error.code, error.detail, "authenticate") from None
        self._acknowledge(operation.op, None)

    async def _receive(self) -> Operation:
        message = await self._websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code", 1005))
        text = message.get("text")
        if text is None or len(text) > MAXIMUM_FRAME:
            detail = f"send text frames of at most {MAXIMUM_FRAME} characters"
            raise _Refusal(PROTOCOL_ERROR, "validation_error", detail)
        try:
            return OPERATIONS.validate_python(parse_json(text))
        except InvalidRequest as error:
            raise _Refusal(PROTOCOL_ERROR, "validation_error", error.detail) from None
        except ValidationError as error:
            first = field_errors(error.errors())[0]
            raise _Refusal(PROTOCOL_ERROR, "validation_error", f"{first.field}: {first.message}") from None

    async def _carry_out(self, operation: Operation) -> None:
        match operation:
            case AuthenticateOperation():
                await self._prove(operation)
            case SubscribeOperation():
                self._credential.require_channel(operation.channel)
                channel = await self._channel(operation)
                self._acknowledge(operation.op, operation.channel)
                self._topics.hub.subscribe(self._client, channel, from_seq=operation.from_seq, epoch=operation.epoch)
            case UnsubscribeOperation():
                await self._unsubscribe(operation.channel)
                self._acknowledge(operation.op, operation.channel)

    async def _channel(self, operation: SubscribeOperation) -> Channel:
        known = self._channels.get(operation.channel)
        if known is not None:
            return known
        if operation.op == "resync":
            raise Conflict("you do not read this channel: subscribe to it")
        if len((self._channels.keys() | self._lanes.names) - {operation.channel}) >= MAXIMUM_CHANNELS:
            raise Conflict(f"you read {MAXIMUM_CHANNELS} channels already: unsubscribe from some")
        channel = await self._topics.acquire(operation.channel)
        self._channels[operation.channel] = channel
        return channel

    async def _unsubscribe(self, name: str) -> None:
        channel = self._channels.get(name)
        if channel is not None:
            self._topics.hub.unsubscribe(self._client, channel)
            await self._topics.release(name)
            del self._channels[name]

    async def _leave(self) -> None:
        await self._lanes.stop()
        for name in list(self._channels):
            await self._unsubscribe(name)

    def _acknowledge(self, op: str, channel: str | None) -> None:
        self._client.queue_reply(AckMessage(kind="ack", op=op, channel=channel, ok=True).model_dump_json())

    def _refuse(self, operation: Operation, error: EdgerunnerError) -> None:
        channel = None if isinstance(operation, AuthenticateOperation) else operation.channel
        message = ErrorMessage(kind="error", op=operation.op, channel=channel, code=error.code, detail=error.detail)
        self._client.queue_reply(message.model_dump_json())
