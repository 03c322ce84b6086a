"""The client library: whatever answers at the API's address, it raises its own errors alone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from hypothesis import strategies as st

from edgerunner.client.cursor import Cursor, advance
from edgerunner.client.errors import ClientError
from edgerunner.client.stream import Stream, StreamMessage, SubscriptionRefused, UnreadableFrame, frame_of
from edgerunner.client.transport import ApiTransport
from tests.fuzz.damage import json_messages
from tests.fuzz.declared import decoded, require
from tests.fuzz.target import Target, pure, served

PROBLEM: dict[str, Any] = {
    "type": "about:blank", "title": "x", "status": 422, "detail": "wrong", "code": "validation_error",
    "errors": [{"field": "quantity", "code": "missing", "message": "is required"}],
}  # fmt: skip
ANSWERS: list[Any] = [
    PROBLEM, {**PROBLEM, "code": "outcome_unknown"},
    {"orders": [], "next_cursor": None}, {"order": {"status": "denied"}}
]  # fmt: skip
FRAMES: list[Any] = [
    {"kind": "ack", "op": "subscribe", "channel": "orders", "ok": True},
    {"kind": "error", "op": "subscribe", "channel": "orders", "code": "x", "detail": "y"},
    {"kind": "snapshot", "channel": "orders", "seq": 1, "epoch": "e", "ts": "t", "data": []},
    {"kind": "delta", "channel": "orders", "seq": 2, "epoch": "e", "ts": "t", "data": {}},
    {"kind": "heartbeat", "channel": "orders", "seq": 2, "epoch": "e", "ts": "t", "data": None},
]


class _Site:
    """A client whose API answers what it is told to."""

    def __init__(self) -> None:
        self.answer = httpx.Response(200)
        transport = httpx.MockTransport(lambda request: self.answer)
        self.api = ApiTransport("http://127.0.0.1:1", "k" * 40, timeout_s=1, transport=transport)


@asynccontextmanager
async def _site() -> AsyncIterator[_Site]:
    site = _Site()
    yield site
    await site.api.close()


async def _answered(site: _Site, given: tuple[int, bytes, str]) -> None:
    status, body, kind = given
    for call in (site.api.get("/orders/status"), site.api.command("POST", "/trade", {"a": 1}), site.api.get_text("/x")):
        site.answer = httpx.Response(status, content=body, headers=[(b"content-type", kind.encode("latin-1"))])
        try:
            answer = await call
            require(isinstance(answer, dict | str), f"an answer of {type(answer).__name__}")
        except ClientError as error:
            require(bool(str(error)), "an error without words")


async def _stream(site: _Site, frames: list[bytes]) -> None:
    """A stream that sends anything gives whole messages in order, or is given up as unreadable."""
    del site
    stream = Stream("http://127.0.0.1:1", "k" * 40)
    await stream.subscribe("orders")
    socket: Any = _Socket(frames)
    try:
        async for event in stream._read(socket):
            require(isinstance(event, StreamMessage | SubscriptionRefused), "no event")
            if isinstance(event, StreamMessage):
                require(event.kind in {"snapshot", "delta", "heartbeat"}, f"{event}")
    except (_End, UnreadableFrame):
        pass
    require(len(stream._cursors) <= 1, "channels that nobody asked for")


class _End(Exception):
    """The socket has nothing more."""


class _Socket:
    def __init__(self, frames: list[bytes]) -> None:
        self._frames = list(frames)

    async def recv(self, *, decode: bool) -> bytes:
        del decode
        if not self._frames:
            raise _End
        return self._frames.pop(0)


def _cursor(messages: list[tuple[str, int, str]]) -> None:
    """Only a snapshot, or exactly the next delta of the same epoch, moves a cursor."""
    cursor = Cursor()
    for kind, seq, epoch in messages:
        before = cursor
        cursor, verdict = advance(cursor, kind=kind, seq=seq, epoch=epoch)
        moved = cursor.seq != before.seq
        is_next = before.seq is not None and seq == before.seq + 1 and epoch == before.epoch
        require(not moved or kind == "snapshot" or (kind == "delta" and is_next), f"{before} {kind} {seq} {verdict}")


_kinds = st.sampled_from(("snapshot", "delta", "heartbeat", "", "ack"))
_statuses = st.sampled_from((200, 201, 202, 204, 301, 400, 401, 403, 404, 409, 422, 429, 500, 502, 503, 504))
_types = st.sampled_from(("application/json", "text/html", "application/json; charset=utf-16", "", "x/y; charset=\xff"))

TARGETS: tuple[Target, ...] = (
    served(
        "client_answers",
        "client.transport: answers and problems",
        st.tuples(_statuses, json_messages(ANSWERS), _types),
        _site,
        _answered,
    ),
    served("client_stream", "client.stream: frames", st.lists(json_messages(FRAMES), max_size=5), _site, _stream),
    pure(
        "client_frames",
        "client.stream: one frame",
        json_messages(FRAMES),
        lambda data: decoded(frame_of, data, error=UnreadableFrame),
    ),
    pure(
        "client_cursor",
        "client.cursor: the order of messages",
        st.lists(st.tuples(_kinds, st.integers(0, 6), st.sampled_from(("a", "b"))), max_size=8),
        _cursor,
    ),
)
