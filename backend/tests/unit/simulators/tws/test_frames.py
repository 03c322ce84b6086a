"""Framing, handshake and single fields of the TWS protocol."""

import pytest

from edgerunner.simulators.tws.wire.codec import MESSAGES, REQUESTS
from edgerunner.simulators.tws.wire.contracts import RequestContractDetails
from edgerunner.simulators.tws.wire.errors import FrameError, MessageError, UnknownMessage, WireError
from edgerunner.simulators.tws.wire.frames import FrameReader, VersionOffer, frame, parse_offer, write_offer
from edgerunner.simulators.tws.wire.orders import CancelOrder
from edgerunner.simulators.tws.wire.session import ErrorMessage, NextValidId, RequestIds, StartApi


def test_frames_are_cut_wherever_the_bytes_break() -> None:
    stream = b"API\0" + frame(b"v157..178") + frame(b"71\x002\x007\0\0") + frame(b"8\x001\x001\0")
    for size in range(1, len(stream)):
        reader = FrameReader(expects_greeting=True)
        chunks = [stream[at : at + size] for at in range(0, len(stream), size)]
        payloads = [payload for chunk in chunks for payload in reader.feed(chunk)]
        reader.finish()
        assert payloads == [b"v157..178", b"71\x002\x007\0\0", b"8\x001\x001\0"]


@pytest.mark.parametrize("length", [b"\0\0\0\0", b"\xff\xff\xff\xff", b"\0\x10\0\x01"])
def test_an_impossible_length_ends_the_stream_before_anything_is_stored(length: bytes) -> None:
    with pytest.raises(FrameError):
        list(FrameReader().feed(length))


def test_a_connection_that_does_not_greet_is_refused_at_its_first_wrong_byte() -> None:
    with pytest.raises(FrameError):
        list(FrameReader(expects_greeting=True).feed(b"APX"))


def test_a_stream_that_ends_inside_a_frame_is_noticed() -> None:
    reader = FrameReader()
    assert list(reader.feed(frame(b"8\0")[:-1])) == []
    with pytest.raises(FrameError):
        reader.finish()


@pytest.mark.parametrize(
    ("payload", "offer"),
    [
        (b"v157..178", VersionOffer(lowest=157, highest=178)),
        (b"v100..226 +PACEAPI", VersionOffer(lowest=100, highest=226, options="+PACEAPI")),
        (b"v170", VersionOffer(lowest=170, highest=170)),
    ],
)
def test_offers_of_clients_are_understood(payload: bytes, offer: VersionOffer) -> None:
    assert parse_offer(payload) == offer
    assert parse_offer(write_offer(offer)) == offer


@pytest.mark.parametrize("payload", [b"", b"v178..157", b"vx..y", b"GET / HTTP/1.1", b"\xff\xfe", b"v1..99999999999"])
def test_a_malformed_offer_is_refused(payload: bytes) -> None:
    with pytest.raises(FrameError):
        parse_offer(payload)


@pytest.mark.parametrize(
    "payload",
    [
        b"8\x001\x001",
        b"8\x001\x00\xff\0",
        b"8\x001\x00one\0",
        b"8\x001\0",
        b"8\x001\x001\x002\0",
        b"\0",
        b"x\0",
        b"8\x001\x00\xd9\xa1\0",
    ],
    ids=["cut", "not UTF-8", "no number", "missing field", "a field too many", "empty", "no id", "foreign digit"],
)
def test_a_malformed_message_is_refused(payload: bytes) -> None:
    with pytest.raises(MessageError):
        REQUESTS.decode(payload, 178)


def test_an_error_names_the_request_that_cannot_be_read() -> None:
    with pytest.raises(MessageError) as caught:
        REQUESTS.decode(b"9\x008\x0042\0AAPL\0", 178)
    assert caught.value.request_id == 42


def test_an_unknown_message_is_told_apart() -> None:
    with pytest.raises(UnknownMessage) as caught:
        REQUESTS.decode(b"777\x001\x005\0", 178)
    assert (caught.value.message_id, caught.value.request_id) == (777, 5)


def test_fields_appear_with_the_version_that_brought_them() -> None:
    error = ErrorMessage(request_id=3, code=200, text="no", advanced_reject="{}")
    assert MESSAGES.encode(error, 165) == b"4\x002\x003\x00200\0no\0"
    assert MESSAGES.encode(error, 166) == b"4\x002\x003\x00200\0no\0{}\0"
    cancel = CancelOrder(order_id=5, manual_time="t")
    assert REQUESTS.encode(cancel, 168) == b"4\x001\x005\0"
    assert REQUESTS.encode(cancel, 169) == b"4\x001\x005\0t\0"


def test_optional_numbers_may_be_empty_or_the_largest_number() -> None:
    for unset in (b"", b"1.7976931348623157E308", b"1.7976931348623157e+308"):
        payload = b"9\x008\x001\x002147483647\0X\0STK\0\0" + unset + b"\0\0\0\0\0\0\0\x000\0\0\0\0"
        request = REQUESTS.decode(payload, 178)
        assert isinstance(request, RequestContractDetails)
        assert (request.contract.con_id, request.contract.strike) == (0, None)


def test_error_texts_are_ascii_on_the_wire() -> None:
    error = ErrorMessage(request_id=-1, code=1, text="Größe 😀")
    payload = MESSAGES.encode(error, 178)
    assert payload == rb"4|2|-1|1|Gr\u00f6\u00dfe \ud83d\ude00||".replace(b"|", b"\0")
    assert MESSAGES.decode(payload, 178) == error


def test_what_cannot_be_written_is_refused() -> None:
    with pytest.raises(WireError):
        MESSAGES.encode(ErrorMessage(request_id=1, code=1, text="", advanced_reject="a\0b"), 178)
    with pytest.raises(WireError):
        MESSAGES.encode(StartApi(client_id=1), 178)
    for version in (156, 179):
        with pytest.raises(WireError):
            MESSAGES.encode(NextValidId(order_id=1), version)


def test_requests_have_the_ids_of_their_direction() -> None:
    assert REQUESTS.encode(RequestIds(), 178) == b"8\x001\x001\0"
    assert MESSAGES.encode(NextValidId(order_id=1), 178) == b"9\x001\x001\0"
