"""What a hostile bridge or terminal once did to the adapter."""

from zoneinfo import ZoneInfo

import pytest

from edgerunner.adapters.mt5.bridge import _value
from edgerunner.adapters.mt5.bridge_http import Address, BridgeHttp, decoded
from edgerunner.adapters.mt5.bridge_stream import BridgeStream
from edgerunner.adapters.mt5.bridge_wire import Malformed, struct_of
from edgerunner.adapters.mt5.server_clock import ServerClock, ServerZone
from edgerunner.adapters.mt5.values import decimal_of, on_step
from edgerunner.domain.errors import BrokerUnreachable
from edgerunner.domain.numbers import parse_plain
from edgerunner.mt5_surface.struct_sequence import field_kinds
from edgerunner.mt5_surface.structs import BookInfo


@pytest.mark.parametrize("told", [float("nan"), float("inf"), -1e300])
def test_a_float_that_no_market_has_is_an_error_of_the_broker(told: float) -> None:
    with pytest.raises(BrokerUnreachable):
        decimal_of(told)


def test_a_large_price_on_a_tiny_step_is_exact() -> None:
    assert on_step(1e15, parse_plain("0.000000000000001")) == 10**15


@pytest.mark.parametrize("stamp", [-1, 2**64])
def test_a_server_stamp_outside_of_time_is_an_error_of_the_broker(stamp: int) -> None:
    with pytest.raises(BrokerUnreachable):
        ServerClock(ServerZone(ZoneInfo("Europe/Athens"), 0)).utc_ns(stamp)


@pytest.mark.parametrize("body", [b"\xff", b"[" * 100_000, b"nonsense"])
def test_an_answer_that_is_no_json_has_no_body(body: bytes) -> None:
    assert decoded(body) is None


@pytest.mark.parametrize("last_error", [["NaN", "x"], [None], [[], ""]])
def test_a_failure_without_a_code_is_malformed(last_error: list[object]) -> None:
    with pytest.raises(Malformed):
        _value("account_info", {"result": None, "last_error": last_error})


def test_a_number_of_more_than_64_bits_is_malformed() -> None:
    told: dict[str, object] = dict.fromkeys(field_kinds(BookInfo), 1)
    assert struct_of(BookInfo, told).type == 1
    with pytest.raises(Malformed):
        struct_of(BookInfo, {**told, "type": 2**64})


@pytest.mark.parametrize(
    "frame",
    [
        b"\xff",
        b"[" * 100_000,
        b"[]",
        b'{"kind":{}}',
        b'{"kind":"delta","channel":"orders","seq":"x"}',
        b'{"kind":"snapshot","channel":"orders","seq":[1]}',
    ],
)
async def test_a_frame_of_the_stream_that_makes_no_sense_is_malformed(frame: bytes) -> None:
    address = Address(url="http://127.0.0.1:1", token="t", client="c", login=None, server=None)
    with pytest.raises(Malformed):
        await BridgeStream(BridgeHttp(address), lambda: None)._hear(frame)


async def test_channels_that_nobody_asked_for_are_not_kept() -> None:
    address = Address(url="http://127.0.0.1:1", token="t", client="c", login=None, server=None)
    stream = BridgeStream(BridgeHttp(address), lambda: None)
    for number in range(10):
        await stream._hear(b'{"kind":"snapshot","channel":"ticks:X%d","seq":1,"epoch":"e","data":{}}' % number)
    assert not stream._numbers
