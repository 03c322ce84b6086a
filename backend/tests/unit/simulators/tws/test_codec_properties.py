"""Every message survives the wire at every version, and no bytes raise anything but the codec's error."""

import random
from operator import attrgetter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgerunner.simulators.tws.wire.codec import HIGHEST_VERSION, LOWEST_VERSION, MESSAGES, REQUESTS, Codec
from edgerunner.simulators.tws.wire.errors import WireError
from edgerunner.simulators.tws.wire.frames import FrameReader, parse_offer
from edgerunner.simulators.tws.wire.layout import layout_of
from tests.unit.simulators.tws.messages import made_up

VERSIONS = st.integers(LOWEST_VERSION, HIGHEST_VERSION)
CLASSES = [(codec, message) for codec in (REQUESTS, MESSAGES) for message in codec.types]


@pytest.mark.parametrize(("codec", "message"), CLASSES, ids=lambda value: getattr(value, "__name__", ""))
def test_a_message_is_read_as_it_was_written(codec: Codec, message: type[Any]) -> None:
    layout = layout_of(message)

    @settings(max_examples=40)
    @given(made_up(message), VERSIONS)
    def check(written: Any, version: int) -> None:
        payload = codec.encode(written, version)
        read = codec.decode(payload, version)
        for item in layout.items:
            if item.path is not None and item.row_type is None:
                value = attrgetter(item.path)(written)
                if item.is_there(version, lambda path: attrgetter(path)(written)):
                    assert attrgetter(item.path)(read) == value, item.path
        assert codec.encode(read, version) == payload
        assert codec.decode(codec.encode(read, version), version) == read

    check()


@given(st.lists(st.text(max_size=12), min_size=1, max_size=30), VERSIONS)
def test_random_fields_raise_only_the_codecs_error(fields: list[str], version: int) -> None:
    payload = "".join(f"{field}\0" for field in fields).encode("utf-8", "surrogatepass")
    for codec in (REQUESTS, MESSAGES):
        try:
            codec.decode(payload, version)
        except WireError:
            continue


@given(st.binary(max_size=200), VERSIONS)
def test_random_bytes_raise_only_the_codecs_error(payload: bytes, version: int) -> None:
    for codec in (REQUESTS, MESSAGES):
        try:
            codec.decode(payload, version)
        except WireError:
            continue


@given(st.lists(st.binary(max_size=40), max_size=8), st.booleans())
def test_random_streams_raise_only_the_codecs_error(chunks: list[bytes], greets: bool) -> None:
    reader = FrameReader(expects_greeting=greets, maximum_bytes=1000)
    try:
        for chunk in chunks:
            for payload in reader.feed(chunk):
                assert 0 < len(payload) <= 1000
        reader.finish()
    except WireError:
        return


@given(st.binary(max_size=40) | st.text(max_size=20).map(str.encode))
def test_random_offers_raise_only_the_codecs_error(payload: bytes) -> None:
    try:
        offer = parse_offer(payload)
    except WireError:
        return
    assert offer.lowest <= offer.highest


@pytest.mark.parametrize(("codec", "message"), CLASSES, ids=lambda value: getattr(value, "__name__", ""))
def test_damaged_messages_raise_only_the_codecs_error(codec: Codec, message: type[Any]) -> None:
    @settings(max_examples=40)
    @given(made_up(message), VERSIONS, st.integers(0, 2**32))
    def check(written: Any, version: int, seed: int) -> None:
        draw = random.Random(seed)
        fields = codec.encode(written, version).split(b"\0")
        for _ in range(draw.randint(1, 3)):
            place = draw.randint(1, len(fields))
            fields[place : place + draw.randint(0, 1)] = draw.choice(
                ([], [b""], [b"999999999"], [b"\xff"], [b"-1e999"])
            )
        try:
            codec.decode(b"\0".join(fields), version)
        except WireError:
            return

    check()
