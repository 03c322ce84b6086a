"""Frames on a pipe: a length of four bytes (big endian), then that many bytes of MessagePack."""

import struct
from typing import BinaryIO

import msgspec

from edgerunner.strategy_worker.messages import FromWorker, ToWorker

LARGEST_TO_WORKER = 8 * 1024 * 1024
LARGEST_FROM_WORKER = 1024 * 1024

LENGTH = struct.Struct(">I")

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
    """Return the API's message."""
    return _TO_WORKER.decode(body)


def decode_from_worker(body: bytes) -> FromWorker:
    """Return the worker's message; ``FrameRefused`` for anything that is none."""
    try:
        return _FROM_WORKER.decode(body)
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
