"""A blocking socket that carries whole frames: a frame that comes in halves over two waits is not lost."""

import socket
import time
from typing import Final

from edgerunner.simulators.mt5.ipc import (
    MAXIMUM_ANSWER_BYTES,
    PREFIX,
    Frame,
    frame_lengths,
    pack,
    parse_message,
)

_CHUNK_BYTES: Final = 1 << 16


class Pipe:
    """One connection to the simulated terminal; deadlines are of the monotonic clock."""

    def __init__(self, address: tuple[str, int], timeout_s: float) -> None:
        """Connect; raises ``OSError``."""
        self._socket = socket.create_connection(address, timeout=timeout_s)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = bytearray()

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def send(self, frame: Frame, deadline: float) -> None:
        """Send a frame; raises ``OSError``. After a time-out (an ``OSError`` too) the connection is of no use."""
        self._wait_until(deadline)
        self._socket.sendall(pack(frame))

    def receive(self, deadline: float) -> Frame:
        """Return the next frame; raises ``TimeoutError``, ``FrameError`` and, when the other side is gone, ``OSError``.

        After a ``TimeoutError`` the next call goes on where this one stopped.
        """
        self._fill(PREFIX.size, deadline)
        text, array = frame_lengths(bytes(self._buffer[: PREFIX.size]), MAXIMUM_ANSWER_BYTES)
        end = PREFIX.size + text + array
        self._fill(end, deadline)
        message = parse_message(self._buffer[PREFIX.size : PREFIX.size + text])
        rest = self._buffer[PREFIX.size + text : end]
        del self._buffer[:end]
        return Frame(message, rest)

    def _fill(self, length: int, deadline: float) -> None:
        while len(self._buffer) < length:
            self._wait_until(deadline)
            chunk = self._socket.recv(max(_CHUNK_BYTES, length - len(self._buffer)))
            if not chunk:
                raise ConnectionResetError("the terminal closed the connection")
            self._buffer += chunk

    def _wait_until(self, deadline: float) -> None:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("the terminal did not answer in time")
        self._socket.settimeout(left)
