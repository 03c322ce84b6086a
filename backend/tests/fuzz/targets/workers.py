"""What a strategy's and a backtest's process say to the API, and it to them: a hostile child harms nobody."""

import asyncio
import io
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import msgspec
from hypothesis import strategies as st

from edgerunner.backtest_worker.messages import (
    Completed,
    Failed,
    Progress,
    UnreadableLine,
    WrongField,
    decode_job,
    decode_message,
)
from edgerunner.backtest_worker.messages import encode as encode_line
from edgerunner.services.strategies.worker_process import WorkerEnded, WorkerProcess
from edgerunner.strategy_worker import messages
from edgerunner.strategy_worker.framing import (
    LARGEST_FROM_WORKER,
    LARGEST_TO_WORKER,
    FrameRefused,
    decode_for_worker,
    decode_from_worker,
    encode,
    read_frame,
)
from tests.fuzz.damage import damaged_bytes, damaged_json, json_messages, json_values, rubbish
from tests.fuzz.declared import decoded, require, require_printable
from tests.fuzz.target import Target, pure, served

SAID: tuple[messages.FromWorker, ...] = (
    messages.Hello(version=messages.VERSION, pid=5),
    messages.Described(classes=[messages.ClassDescription("A", "b", {"type": "object"})], error=None),
    messages.Checked(values={"a": 1}, errors=[messages.WrongParameter("a", "b", "c")]),
    messages.Submit("S1", "BTC", "buy", "limit", Decimal("0.1"), price=Decimal(100), expires_at_ns=5),
    messages.Cancel("S1"),
    messages.Modify("S1", Decimal(1), None, None),
    messages.Subscribe("bars", "BTC", "1m"),
    messages.LogLine("hello"),
    messages.Done(turn=3, state={"a": [1, 2.5, None, "x"]}),
    messages.Faulted("x", "trace"),
)
TOLD: tuple[messages.ToWorker, ...] = (
    messages.Describe(path="a.py", memory_bytes=5),
    messages.Check(source=messages.ClassSource("A"), parameters={"fast": 10}, memory_bytes=5),
    messages.Money(Decimal(1), Decimal(2)),
    messages.GoLive(turn=1, now_ns=2),
    messages.Ping(turn=1, now_ns=2),
    messages.Stop(turn=1, now_ns=2),
)
_packed = msgspec.msgpack.Encoder(decimal_format="string").encode
_documents = [msgspec.msgpack.decode(_packed(message)) for message in (*SAID, *TOLD)]
_frames = [_packed(message) for message in (*SAID, *TOLD)]
_deep = [b"\x91" * depth + b"\xc0" for depth in (100, 2_000, 100_000)] + [b"\x81\xa1a" * 50_000]
_huge = [b"\xdd\xff\xff\xff\xff", b"\xdf\xff\xff\xff\xff", b"\xdb\xff\xff\xff\xffabc", b"\xc6\xff\xff\xff\xff", b"\xc1"]


def _packable(value: Any) -> bytes:
    try:
        return _packed(value)
    except (OverflowError, UnicodeEncodeError, ValueError):
        return b"\xc0"


bodies = st.one_of(
    damaged_json(_documents).map(_packable),
    damaged_bytes(_frames),
    json_values.map(_packable),
    rubbish,
    st.sampled_from((*_deep, *_huge, b"")),
)


def _from_worker(body: bytes) -> None:
    message = decoded(decode_from_worker, body, error=FrameRefused)
    if message is None:
        return
    require(isinstance(message, messages.FromWorker), f"{type(message).__name__} is nothing a worker says")
    for name in message.__struct_fields__:
        require_printable(getattr(message, name))
    frame = decoded(encode, message, 4 * LARGEST_FROM_WORKER, error=FrameRefused)
    if frame is not None:
        require(decode_from_worker(frame[4:]) == message, "decode(encode(x)) is not x")


def _for_worker(body: bytes) -> None:
    message = decoded(decode_for_worker, body, error=FrameRefused)
    require(message is None or isinstance(message, messages.ToWorker), "nothing that the API says")


def _frame(stream: bytes) -> None:
    file = io.BytesIO(stream)
    while (body := decoded(read_frame, file, LARGEST_TO_WORKER, error=FrameRefused)) is not None:
        require(len(body) <= LARGEST_TO_WORKER, "a body beyond the limit")


def _backtest_line(line: bytes) -> None:
    message = decoded(decode_message, line, error=UnreadableLine)
    if message is not None:
        require(isinstance(message, Progress | Completed | Failed), "nothing that a backtest says")
        require(decode_message(encode_line(message)) == message or _has_nan(message), "decode(encode(x)) is not x")
    decoded(decode_job, line, error=UnreadableLine)


def _has_nan(message: Progress | Completed | Failed) -> bool:
    return isinstance(message, Progress) and message.fraction != message.fraction


@asynccontextmanager
async def _parent() -> AsyncIterator[None]:
    yield None


async def _hostile_child(site: None, given: list[tuple[bytes, int | None]]) -> None:
    """The API's end of the pipe: messages of the protocol, or ``WorkerEnded``, whatever the child writes."""
    del site
    reader = asyncio.StreamReader(limit=2 * LARGEST_FROM_WORKER)
    for body, length in given:
        reader.feed_data(struct.pack(">I", len(body) if length is None else length) + body)
    reader.feed_eof()
    worker = WorkerProcess.__new__(WorkerProcess)
    worker._from_worker = reader
    ended: Any = SimpleNamespace(wait=_ended)
    worker._process = ended
    try:
        for _ in range(len(given) + 2):
            require(isinstance(await worker.receive(), messages.FromWorker), "nothing that a worker says")
    except WorkerEnded:
        return
    raise AssertionError("the pipe has ended, the worker has not")


async def _ended() -> int:
    return 1


BACKTEST: list[Any] = [
    {"type": "Progress", "fraction": 0.5},
    {"type": "Completed", "metrics": {"sharpe": 1.5, "end": "2026"}, "assumptions": {"a": "b"}},
    {"type": "Failed", "code": "crashed", "detail": "x", "errors": [{"field": "a", "code": "b", "message": "c"}]},
    msgspec.to_builtins(Failed("a", "b", [WrongField("a", "b", "c")])),
]
_lengths = st.one_of(st.none(), st.none(), st.sampled_from((0, 1, 2**20 + 1, 2**31, 2**32 - 1)))

TARGETS: tuple[Target, ...] = (
    pure("strategy_from_worker", "strategy_worker.framing: what a strategy's process says", bodies, _from_worker),
    pure("strategy_to_worker", "strategy_worker.framing: what it is told", bodies, _for_worker),
    pure(
        "strategy_frames",
        "strategy_worker.framing: frames on the pipe",
        st.one_of(damaged_bytes([struct.pack(">I", len(f)) + f for f in _frames]), rubbish),
        _frame,
    ),
    served(
        "strategy_hostile_child",
        "services.strategies.worker_process: a child that says anything",
        st.lists(st.tuples(bodies, _lengths), max_size=4),
        _parent,
        _hostile_child,
    ),
    pure(
        "backtest_lines",
        "backtest_worker.messages: lines of a backtest's process",
        json_messages(BACKTEST, more=[b"x" * 100, b'{"type":"Progress","fraction":1e400}']),
        _backtest_line,
    ),
)
