"""The simulated TWS's wire: frames, the handshake, and every message of both directions."""

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from edgerunner.simulators.tws.wire.codec import HIGHEST_VERSION, LOWEST_VERSION, MESSAGES, REQUESTS, Codec
from edgerunner.simulators.tws.wire.errors import FrameError, MessageError, WireError
from edgerunner.simulators.tws.wire.frames import (
    GREETING,
    FrameReader,
    frame,
    join_fields,
    parse_offer,
    split_fields,
    write_offer,
)
from edgerunner.simulators.tws.wire.layout import Item
from tests.fuzz.damage import damaged_bytes, hostile_texts, rubbish
from tests.fuzz.declared import decoded, require
from tests.fuzz.recorded import ibkr_frames
from tests.fuzz.target import Target, pure

_LIMIT = 1 << 16
_versions = st.integers(LOWEST_VERSION, HIGHEST_VERSION)
_fields = st.one_of(
    hostile_texts,
    st.sampled_from(
        ("0", "1", "2", "-1", "", "2147483647", "1.7976931348623157E308", "Infinity", "AAPL", "STK", "BUY")
    ),
    st.integers(-5, 200).map(str),
).map(lambda text: text.replace("\0", ""))


def _payloads(codec: Codec) -> SearchStrategy[bytes]:
    """Return payloads that begin like a message of the codec: as many fields as it has, or fewer, or more."""
    ids = [str(layout.message_id) for layout in codec._by_id.values()]
    made = st.builds(
        lambda number, fields: _joined([number, *fields]),
        st.sampled_from(ids),
        st.lists(_fields, max_size=30),
    )
    return st.one_of(made, made, damaged_bytes([*ibkr_frames(), b"71\x002\x001\x00\x00"]), rubbish)


def _joined(fields: Sequence[str]) -> bytes:
    return "".join(f"{field}\0" for field in fields).encode("utf-8", "surrogatepass")


@st.composite
def _near_messages(draw: st.DrawFn, codec: Codec) -> tuple[bytes, int]:
    """Draw the fields that a layout wants at a version, most of them of the right kind."""
    layout = draw(st.sampled_from(list(codec._by_id.values())))
    version = draw(_versions)
    fields = [str(layout.message_id), *_filled(draw, layout.items, version)]
    if draw(st.integers(0, 3)) == 0 and len(fields) > 1:
        fields[draw(st.integers(1, len(fields) - 1))] = draw(_fields)
    return _joined(fields), version


def _filled(draw: st.DrawFn, items: Sequence[Item], version: int) -> list[str]:
    found: list[str] = []
    for item in items:
        if not item.since <= version < item.until or (item.only is not None and draw(st.booleans())):
            continue
        if item.row_type is not None:
            count = draw(st.integers(0, 2))
            found.append(str(count))
            for _ in range(count):
                found += _filled(draw, item.row_items, version)
        else:
            found.append(draw(_of_kind(item)))
    return found


def _of_kind(item: Item) -> SearchStrategy[str]:
    name = item.kind.name if item.kind is not None else "text"
    if "whole" in name:
        return st.sampled_from(("0", "1", "7", "-1", "2147483647", "", "9223372036854775807", "265598"))
    if "number" in name:
        return st.sampled_from(("0", "1.5", "-2", "", "1.7976931348623157E308", "Infinity", "1e-7", "1E+308"))
    if name == "flag":
        return st.sampled_from(("0", "1", "", "true"))
    return st.sampled_from(("", "AAPL", "a=b;c=d;", "\\u00e9", "SMART", "20261218"))


def _codec_check(codec: Codec) -> Any:
    def check(given: tuple[bytes, int]) -> None:
        payload, version = given
        message = decoded(codec.decode, payload, version, error=MessageError)
        if message is None:
            return
        require(type(message) in codec.types, f"{type(message).__name__} is no message of this direction")
        written = decoded(codec.encode, message, version, error=WireError)
        require(written is not None, "what was read cannot be written")
        require(written is not None and codec.decode(written, version) == message, "decode(encode(x)) is not x")

    return check


def _frames(given: tuple[list[bytes], bool]) -> None:
    """Whatever the pieces: whole payloads in order, or ``FrameError``; never more kept than one frame."""
    pieces, greets = given
    reader = FrameReader(expects_greeting=greets, maximum_bytes=_LIMIT)
    for piece in pieces:
        try:
            for payload in reader.feed(piece):
                require(0 < len(payload) <= _LIMIT, "a payload beyond the limit")
                decoded(split_fields, payload, error=MessageError)
        except FrameError:
            return
        require(len(reader._buffer) <= _LIMIT + 8, f"{len(reader._buffer)} bytes kept")
    decoded(reader.finish, error=FrameError)


def _round_trip(payloads: list[bytes]) -> None:
    stream = GREETING + b"".join(map(frame, payloads))
    for size in (1, 3, 7, len(stream)):
        reader = FrameReader(expects_greeting=True)
        found = [payload for at in range(0, len(stream), size) for payload in reader.feed(stream[at : at + size])]
        require(found == payloads, "frames cut otherwise than they were joined")


def _offer(payload: bytes) -> None:
    offer = decoded(parse_offer, payload, error=FrameError)
    if offer is not None:
        require(offer.lowest <= offer.highest, f"{offer}")
        require(parse_offer(write_offer(offer)) == offer, "an offer changes when it is written again")


def _texts(fields: list[str]) -> None:
    payload = decoded(join_fields, fields, error=WireError)
    if payload is not None and fields:
        require(split_fields(payload) == fields, "fields change on the wire")


_samples = [GREETING + frame(b"v157..178"), frame(b"71\x002\x001\x00\x00"), frame(b"49\x001\x00") * 3]
_pieces = st.lists(st.one_of(damaged_bytes(_samples), rubbish), max_size=5)

TARGETS: tuple[Target, ...] = (
    pure("tws_frames", "simulators.tws.wire.frames: FrameReader", st.tuples(_pieces, st.booleans()), _frames),
    pure(
        "tws_frame_round_trip",
        "simulators.tws.wire.frames: any split of frames",
        st.lists(st.binary(min_size=1, max_size=40), max_size=6),
        _round_trip,
    ),
    pure(
        "tws_offer",
        "simulators.tws.wire.frames: the version offer",
        st.one_of(damaged_bytes([b"v157..178", b"v100..178 +PACEAPI", b"v176", b"63"]), rubbish),
        _offer,
    ),
    pure("tws_fields", "simulators.tws.wire.frames: fields", st.lists(st.text(max_size=20), max_size=6), _texts),
    pure(
        "tws_requests",
        "simulators.tws.wire.codec: every request",
        st.tuples(_payloads(REQUESTS), _versions),
        _codec_check(REQUESTS),
    ),
    pure(
        "tws_requests_near",
        "simulators.tws.wire.codec: every request, nearly right",
        _near_messages(REQUESTS),
        _codec_check(REQUESTS),
    ),
    pure(
        "tws_messages",
        "simulators.tws.wire.codec: every message",
        st.tuples(_payloads(MESSAGES), _versions),
        _codec_check(MESSAGES),
    ),
    pure(
        "tws_messages_near",
        "simulators.tws.wire.codec: every message, nearly right",
        _near_messages(MESSAGES),
        _codec_check(MESSAGES),
    ),
)
