"""Group masks, as the documentation of `symbols_get` describes them."""

import pytest

from edgerunner.simulators.mt5.terminal.groups import MAXIMUM_MASKS, is_in_group

SYMBOLS = ("EURUSD", "USDJPY", "XAUUSD", "GER40", "BTCUSD#", "a.b")


@pytest.mark.parametrize(
    ("group", "chosen"),
    [
        ("*", SYMBOLS),
        ("EURUSD", ("EURUSD",)),
        ("EUR", ()),
        ("*USD*", ("EURUSD", "USDJPY", "XAUUSD", "BTCUSD#")),
        ("USD*", ("USDJPY",)),
        ("*,!*USD*", ("GER40", "a.b")),
        ("!*USD*,*", SYMBOLS),
        ("*USD, GER40", ("EURUSD", "XAUUSD", "GER40")),
        ("*USD*,!EURUSD,!*JPY", ("XAUUSD", "BTCUSD#")),
        ("", ()),
        ("!*", ()),
        ("a?b", ()),
        ("a.b", ("a.b",)),
        ("eurusd", ()),
    ],
)
def test_masks_are_applied_one_after_the_other(group: str, chosen: tuple[str, ...]) -> None:
    assert tuple(symbol for symbol in SYMBOLS if is_in_group(symbol, group)) == chosen


def test_a_hostile_mask_costs_little() -> None:
    assert not is_in_group("A" * 31, "*A" * 31 + "B")
    assert is_in_group("EURUSD", ",".join(["x"] * (MAXIMUM_MASKS - 1) + ["EURUSD"]))
    assert not is_in_group("EURUSD", ",".join(["x"] * MAXIMUM_MASKS + ["EURUSD"]))
