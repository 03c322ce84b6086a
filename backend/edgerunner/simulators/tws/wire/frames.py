"""Framing and handshake: a greeting, then frames of NUL-terminated fields behind a 4-byte big-endian length.

The client opens with ``API`` NUL and a frame ``v157..178`` (an optional text may follow after a space); the server
answers with a frame of two fields, its version and the time of the connection. The client's first frame has no
trailing NUL, all others end with one. Source: ib_async 2.1.0 (``client.py``) and recorded sessions.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from edgerunner.simulators.tws.wire.errors import FrameError, MessageError, WireError

GREETING: Final = b"API\0"
LENGTH_BYTES: Final = 4
MAXIMUM_FRAME_BYTES: Final = 1 << 20
"""Longest frame taken from a client; a guess, the real limit is not documented."""
_OFFER: Final = re.compile(r"v([0-9]{1,6})\.\.([0-9]{1,6})(?: ([^\0]*))?")
_SINGLE_OFFER: Final = re.compile(r"v?([0-9]{1,6})(?: ([^\0]*))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionOffer:
    """Server versions that a client understands, and its connect options (such as ``+PACEAPI``)."""

    lowest: int
    highest: int
    options: str = ""


class FrameReader:
    """Cuts a stream of bytes into the payloads of its frames; of a client's stream it takes the greeting first."""

    def __init__(self, *, expects_greeting: bool = False, maximum_bytes: int = MAXIMUM_FRAME_BYTES) -> None:
        self._buffer = bytearray()
        self._expects_greeting = expects_greeting
        self._maximum = maximum_bytes

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the payloads that are complete with ``data``; raises ``FrameError``."""
        self._buffer += data
        if self._expects_greeting and not self._take_greeting():
            return
        while (payload := self._take_frame()) is not None:
            yield payload

    def finish(self) -> None:
        """Raise ``FrameError`` when the stream ended inside a frame."""
        if self._buffer:
            raise FrameError(f"the stream ends {len(self._buffer)} bytes into a frame")

    def _take_greeting(self) -> bool:
        start = bytes(self._buffer[: len(GREETING)])
        if not GREETING.startswith(start):
            raise FrameError("a connection begins with API and NUL")
        if len(start) < len(GREETING):
            return False
        del self._buffer[: len(GREETING)]
        self._expects_greeting = False
        return True

    def _take_frame(self) -> bytes | None:
        if len(self._buffer) < LENGTH_BYTES:
            return None
        length = int.from_bytes(self._buffer[:LENGTH_BYTES], "big")
        if not 0 < length <= self._maximum:
            raise FrameError(f"a frame of {length} bytes; 1 to {self._maximum} are allowed")
        end = LENGTH_BYTES + length
        if len(self._buffer) < end:
            return None
        payload = bytes(self._buffer[LENGTH_BYTES:end])
        del self._buffer[:end]
        return payload


def frame(payload: bytes) -> bytes:
    """Return ``payload`` behind its length."""
    return len(payload).to_bytes(LENGTH_BYTES, "big") + payload


def split_fields(payload: bytes) -> list[str]:
    """Return the fields of a payload; raises ``MessageError`` for other text than UTF-8 or a last field that is cut."""
    try:
        text = payload.decode()
    except UnicodeDecodeError as error:
        raise MessageError("a message is not UTF-8") from error
    if not text.endswith("\0"):
        raise MessageError("the last field of a message is not terminated")
    return text[:-1].split("\0")


def join_fields(fields: Sequence[str]) -> bytes:
    """Return the payload of fields; raises ``WireError`` for a field that holds NUL or half a surrogate pair."""
    if any("\0" in field for field in fields):
        raise WireError("a field cannot hold NUL")
    try:
        return "".join(f"{field}\0" for field in fields).encode()
    except UnicodeEncodeError as error:
        raise WireError("a field is not valid Unicode text") from error


def parse_offer(payload: bytes) -> VersionOffer:
    """Read a client's first frame: ``v157..178`` or ``v157``, options after a space; raises ``FrameError``."""
    try:
        text = payload.decode("ascii").removesuffix("\0")
    except UnicodeDecodeError as error:
        raise FrameError("the version offer is not ASCII") from error
    if (both := _OFFER.fullmatch(text)) is not None:
        offer = VersionOffer(lowest=int(both[1]), highest=int(both[2]), options=both[3] or "")
    elif (single := _SINGLE_OFFER.fullmatch(text)) is not None:
        offer = VersionOffer(lowest=int(single[1]), highest=int(single[1]), options=single[2] or "")
    else:
        raise FrameError("the version offer is not of the form v157..178")
    if offer.lowest > offer.highest:
        raise FrameError("the version offer is empty")
    return offer


def write_offer(offer: VersionOffer) -> bytes:
    """Return the payload of a client's first frame."""
    options = f" {offer.options}" if offer.options else ""
    return f"v{offer.lowest}..{offer.highest}{options}".encode()
