"""Every spelling of "nothing" is nothing, and numbers are exact or refused."""

from decimal import Decimal

import pytest

from edgerunner.adapters.bybit.values import Malformed, Strangers, nanoseconds, number, price, required_number, text


@pytest.mark.parametrize("unset", ["", "UNKNOWN", None])
def test_unset_is_none(unset: str | None) -> None:
    assert number(unset) is None
    assert text(unset) is None
    assert nanoseconds(unset) is None


@pytest.mark.parametrize("zero", ["0", "0.00", 0])
def test_zero_is_a_number_but_no_price(zero: str | int) -> None:
    assert number(zero) == 0
    assert price(zero) is None


def test_numbers_stay_exact() -> None:
    assert number("0.000000000000000001") == Decimal("0.000000000000000001")
    assert number("123456789012345678.123456789") == Decimal("123456789012345678.123456789")


@pytest.mark.parametrize("nonsense", ["abc", "NaN", "Infinity", "1,5"])
def test_nonsense_is_refused(nonsense: str) -> None:
    with pytest.raises(Malformed):
        number(nonsense)


def test_missing_required_number_is_named() -> None:
    with pytest.raises(Malformed, match="qty is missing"):
        required_number("", "qty")


def test_stamps_are_nanoseconds_whether_text_or_number() -> None:
    assert nanoseconds("1684738540559") == nanoseconds(1684738540559) == 1684738540559000000


def test_unknown_words_are_counted() -> None:
    strangers = Strangers()
    strangers.met("execType", "CorporateAction")
    strangers.met("execType", "CorporateAction")
    assert strangers.counts["execType", "CorporateAction"] == 2
