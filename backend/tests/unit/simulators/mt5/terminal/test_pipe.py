"""Frames between module and terminal: what travels arrives as it was, also in pieces and late."""

import socket
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from edgerunner.mt5_surface.dtypes import RATES_DTYPE, TICKS_DTYPE
from edgerunner.mt5_surface.struct_sequence import field_kinds
from edgerunner.mt5_surface.structs import BookInfo, OrderSendResult, TradeRequest
from edgerunner.simulators.mt5.ipc import (
    MAXIMUM_ANSWER_BYTES,
    PREFIX,
    Frame,
    FrameError,
    decode_value,
    encode_value,
    frame_lengths,
    pack,
    parse_message,
)
from edgerunner.simulators.mt5.pipe import Pipe

REQUEST = TradeRequest(kind() for kind in field_kinds(TradeRequest).values())
FRAME = Frame({"id": 7, "text": "é"}, bytes(range(100)))


@pytest.fixture
def ends() -> Iterator[tuple[Pipe, socket.socket]]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        pipe = Pipe(listener.getsockname(), 5)
        other, _ = listener.accept()
        with other:
            yield pipe, other
        pipe.close()


def soon(seconds: float = 5.0) -> float:
    return time.monotonic() + seconds


@pytest.mark.parametrize("cut", [3, PREFIX.size, PREFIX.size + 4, len(pack(FRAME)) - 1])
def test_a_frame_in_two_pieces_survives_the_time_out_between_them(ends: tuple[Pipe, socket.socket], cut: int) -> None:
    pipe, other = ends
    data = pack(FRAME)
    other.sendall(data[:cut])
    with pytest.raises(TimeoutError):
        pipe.receive(soon(0.05))
    other.sendall(data[cut:] + data)
    for _ in range(2):
        received = pipe.receive(soon())
        assert (received.message, received.array) == (FRAME.message, FRAME.array)


def test_the_end_of_the_other_side_and_a_frame_too_long_are_errors(ends: tuple[Pipe, socket.socket]) -> None:
    pipe, other = ends
    other.sendall(PREFIX.pack(MAXIMUM_ANSWER_BYTES, 1))
    with pytest.raises(FrameError):
        pipe.receive(soon())
    other.close()
    with pytest.raises(FrameError):
        pipe.receive(soon())


def test_a_closed_connection_is_an_error_and_a_past_deadline_a_time_out(ends: tuple[Pipe, socket.socket]) -> None:
    pipe, other = ends
    with pytest.raises(TimeoutError):
        pipe.send(FRAME, time.monotonic() - 1)
    pipe.send(FRAME, soon())
    text, array = frame_lengths(other.recv(PREFIX.size), 1000)
    assert parse_message(other.recv(text + array)[:text]) == FRAME.message
    other.close()
    with pytest.raises(ConnectionError):
        pipe.receive(soon())


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        -5,
        2**64 - 1,
        1.1,
        5e-324,
        "symbol",
        (),
        (500, 5836, "date"),
        BookInfo((1, 0.1 + 0.2, 3, 3.5)),
        (BookInfo((1, 1.0, 3, 3.5)), BookInfo((2, 2.0, 4, 4.5))),
        OrderSendResult((10009, 1, 2, 0.1, 1.1, 1.0, 1.1, "ok", 7, 0, REQUEST)),
    ],
)
def test_a_value_arrives_as_it_was_sent(value: Any) -> None:
    encoded, array = encode_value(value)
    arrived = decode_value(parse_message(pack(Frame(encoded, array))[PREFIX.size :]), array)
    assert arrived == value
    assert type(arrived) is type(value)
    if isinstance(value, OrderSendResult):
        assert isinstance(arrived, OrderSendResult)
        assert type(arrived.request) is TradeRequest


@pytest.mark.parametrize("dtype", [RATES_DTYPE, TICKS_DTYPE])
def test_an_array_arrives_bit_by_bit_and_can_be_written_to(dtype: "np.dtype[Any]") -> None:
    rows = np.frombuffer(np.random.default_rng(7).bytes(dtype.itemsize * 50), dtype)
    encoded, array = encode_value(rows)
    arrived: Any = decode_value(encoded, array)
    assert arrived.dtype == dtype
    assert arrived.tobytes() == rows.tobytes()
    arrived["time"] = 0


@pytest.mark.parametrize("value", [object(), [1], {"a": 1}, np.zeros(3), b"bytes"])
def test_nothing_else_travels(value: Any) -> None:
    with pytest.raises(TypeError):
        encode_value(value)


def test_an_encoding_that_is_none_is_refused() -> None:
    with pytest.raises(FrameError):
        decode_value({"pickle": "x"}, b"")
