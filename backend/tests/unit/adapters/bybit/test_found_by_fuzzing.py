"""What hostile messages once did to the adapter."""

import msgspec
import pytest

from edgerunner.adapters.bybit import wire
from edgerunner.adapters.bybit.legs import leg_of
from edgerunner.adapters.bybit.orders import OrderMapper
from edgerunner.adapters.bybit.values import Malformed, Strangers, exact, nanoseconds, number, whole
from tests.unit.adapters.bybit.samples import linear, order


@pytest.mark.parametrize("text", ["1e999999999", "1E-99999", "9" * 100, "NaN", "sNaN", "Infinity", 10**400])
def test_a_number_that_no_market_has_is_malformed(text: str | int) -> None:
    with pytest.raises(Malformed):
        number(text)


@pytest.mark.parametrize("text", ["64250.50", "-0.000000000000000001", "12345678901234567890.5"])
def test_every_number_of_a_market_is_exact(text: str) -> None:
    assert format(exact(text), "f") == text


@pytest.mark.parametrize("stamp", ["-1", "99999999999999999999", 2**63])
def test_a_stamp_outside_of_time_is_malformed(stamp: str | int) -> None:
    with pytest.raises(Malformed):
        nanoseconds(stamp)


def test_a_whole_number_that_no_column_holds_is_malformed() -> None:
    with pytest.raises(Malformed):
        whole("1e30")


@pytest.mark.parametrize("data", [b'{"price":"\xff"}', b'{"x":' + b"[" * 100_000, b'{"x":' * 5_000])
def test_bad_text_and_deep_nesting_are_malformed_like_other_rubbish(data: bytes) -> None:
    with pytest.raises(Malformed):
        wire.decoded(msgspec.Raw(data), wire.Order)


def test_a_leg_in_other_digits_is_one_way() -> None:
    assert leg_of("\u00b2") == "net"


def test_an_order_with_an_endless_price_is_malformed() -> None:
    with pytest.raises(Malformed):
        OrderMapper("1", Strangers()).report(order(price="1e999999999"), linear())
