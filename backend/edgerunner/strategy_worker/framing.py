"""Frames on a pipe: a length of four bytes (big endian), then that many bytes of MessagePack."""

import struct
from decimal import Decimal
from typing import BinaryIO, TypeVar

import msgspec

from edgerunner.domain.numbers import can_be_written
from edgerunner.strategy_worker.messages import FromWorker, ToWorker

LARGEST_TO_WORKER = 8 * 1024 * 1024
LARGEST_FROM_WORKER = 1024 * 1024

LENGTH = struct.Struct(">I")

Message = TypeVar("Message")

_ENCODER = msgspec.msgpack.Encoder(decimal_format="string")
_TO_WORKER: msgspec.msgpack.Decoder[ToWorker] = msgspec.msgpack.Decoder(ToWorker)
_FROM_WORKER: msgspec.msgpack.Decoder[FromWorker] = msgspec.msgpack.Decoder(FromWorker)


class FrameRefused(ValueError):
    """A frame that is too large or that nobody can read."""


def encode(message: ToWorker | FromWorker, largest: int) -> bytes:
    """Return the frame of a message; ``FrameRefused`` for one of more than ``largest`` bytes."""
    body = _ENCODER.encode(message)
    if len(body) > largest:
        raise FrameRefused(f"a message of {len(body)} bytes; {largest} are allowed")
    return LENGTH.pack(len(body)) + body


def decode_for_worker(body: bytes) -> ToWorker:
    """Return the API's message; ``FrameRefused`` for anything that is none."""
    return _decoded(_TO_WORKER, body)


def decode_from_worker(body: bytes) -> FromWorker:
    """Return the worker's message; ``FrameRefused`` for anything that is none."""
    message = _decoded(_FROM_WORKER, body)
    numbers = [value for name in message.__struct_fields__ if isinstance(value := getattr(message, name), Decimal)]
    if not all(map(can_be_written, numbers)):
        raise FrameRefused("a message with a number that no market has")
    return message


def _decoded(decoder: msgspec.msgpack.Decoder[Message], body: bytes) -> Message:
    try:
        return decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise FrameRefused(f"a message that cannot be read: {error}") from error


def read_frame(stream: BinaryIO, largest: int) -> bytes | None:
    """Return the next frame's body, None at the end of the stream; blocks."""
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (size,) = LENGTH.unpack(head)
    if size > largest:
        raise FrameRefused(f"a message of {size} bytes; {largest} are allowed")
    body = stream.read(size)
    return body if len(body) == size else None
