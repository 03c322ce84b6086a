"""Answers as JSON, exactly."""

import base64
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgerunner.mt5_bridge.terminal_module import ModuleFailed
from edgerunner.mt5_bridge.wire import encode, plain
from edgerunner.mt5_surface.dtypes import TICKS_DTYPE


def there_and_back(value: Any) -> Any:
    return json.loads(encode(plain(value)))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_comes_back_as_it_was(number: float) -> None:
    assert repr(there_and_back(number)) == repr(number)


@given(st.integers(min_value=-(2**63), max_value=2**64 - 1))
def test_every_whole_number_comes_back_as_it_was(number: int) -> None:
    assert there_and_back(number) == number


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_what_json_has_no_number_for_is_null(number: float) -> None:
    assert there_and_back(number) is None


def test_an_array_of_another_layout_is_packed_little_endian() -> None:
    padded = np.zeros(
        2, dtype={"names": ["time", "bid"], "formats": [">i8", ">f8"], "offsets": [4, 20], "itemsize": 32}
    )
    padded["time"], padded["bid"] = [1, 2], [1.5, 2.5]
    sent = there_and_back(padded[::-1])
    assert sent["dtype"] == [["time", "<i8"], ["bid", "<f8"]]
    data = np.frombuffer(base64.b64decode(sent["base64"]), dtype=[("time", "<i8"), ("bid", "<f8")])
    assert data.tolist() == [(2, 2.5), (1, 1.5)]


def test_an_empty_array_has_its_fields() -> None:
    sent = there_and_back(np.zeros(0, dtype=TICKS_DTYPE))
    assert (sent["count"], sent["base64"], len(sent["dtype"])) == (0, "", 8)


@pytest.mark.parametrize("strange", [object(), np.array([object()]), np.zeros(3), {1: 2}, b"x"])
def test_what_no_terminal_answers_is_refused(strange: Any) -> None:
    with pytest.raises(ModuleFailed):
        plain(strange)
