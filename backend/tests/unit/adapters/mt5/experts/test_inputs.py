"""An EA's inputs: read from source, checked, written as a preset."""

from decimal import Decimal

import pytest

from edgerunner.adapters.mt5.experts.inputs import preset_lines, read_inputs
from edgerunner.domain.errors import InvalidRequest
from edgerunner.domain.experts import InputKind, InputRange, InputSpec, InputValue

SOURCE = """
// input int Commented = 1;
/* input int AlsoCommented = 2; */
input group "Signals; input int NotThis = 3;"
input int      InpFast = 10;      // fast; period
sinput string  InpName = "a // b; c";
input double   InpLots=0.1;
input ENUM_TIMEFRAMES InpFrame = PERIOD_H1;
   input bool  InpOn = true;
input datetime InpFrom = D'2026.01.01';
input uchar    InpSmall = 7;
input color    InpColor = clrRed;
int NotAnInput = 4;
"""


def specs() -> dict[str, InputSpec]:
    return {spec.name: spec for spec in read_inputs(SOURCE)}


def errors_of(name: str, value: InputValue) -> list[tuple[str, str]]:
    with pytest.raises(InvalidRequest) as caught:
        preset_lines(specs().values(), {name: value})
    return [(error.field, error.code) for error in caught.value.errors]


def test_inputs_are_read_from_source_and_comments_and_groups_are_none() -> None:
    assert {name: spec.kind for name, spec in specs().items()} == {
        "InpFast": InputKind.INTEGER,
        "InpName": InputKind.TEXT,
        "InpLots": InputKind.NUMBER,
        "InpFrame": InputKind.INTEGER,
        "InpOn": InputKind.BOOLEAN,
        "InpFrom": InputKind.TIME,
        "InpSmall": InputKind.INTEGER,
        "InpColor": InputKind.INTEGER,
    }
    assert specs()["InpName"].default == '"a // b; c"'
    assert specs()["InpSmall"].maximum == 255


def test_a_preset_holds_values_as_mt5_writes_them() -> None:
    values: dict[str, InputValue] = {
        "InpFast": 12,
        "InpName": "grün = 1",
        "InpLots": Decimal("0.10"),
        "InpOn": False,
        "InpFrom": "2026.02.03 04:05",
    }
    assert preset_lines(specs().values(), values) == [
        "InpFast=12",
        "InpName=grün = 1",
        "InpLots=0.1",
        "InpOn=false",
        "InpFrom=2026.02.03 04:05",
    ]


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("InpFats", 12, "unknown_input"),
        ("Commented", 1, "unknown_input"),
        ("InpFast", Decimal("1.5"), "wrong_type"),
        ("InpFast", True, "wrong_type"),
        ("InpFast", "12", "wrong_type"),
        ("InpFast", 2**31, "out_of_range"),
        ("InpSmall", -1, "out_of_range"),
        ("InpLots", "1e3", "wrong_type"),
        ("InpLots", "much", "wrong_type"),
        ("InpLots", True, "wrong_type"),
        ("InpLots", Decimal("NaN"), "wrong_type"),
        ("InpOn", 1, "wrong_type"),
        ("InpName", "two\nlines", "wrong_type"),
        ("InpName", "a||b", "wrong_type"),
        ("InpFrom", "2026-01-01", "wrong_type"),
        ("InpFrom", -5, "out_of_range"),
    ],
)
def test_an_input_that_is_wrong_is_named(name: str, value: InputValue, code: str) -> None:
    assert errors_of(name, value) == [(f"inputs.{name}", code)]


def test_a_number_may_come_as_a_decimal_text() -> None:
    assert preset_lines(specs().values(), {"InpLots": "0.10"}) == ["InpLots=0.10"]


def test_the_callers_own_schema_bounds_values() -> None:
    risk = InputSpec(name="Risk", kind=InputKind.NUMBER, minimum=Decimal("0.1"), maximum=Decimal(2))
    mode = InputSpec(name="Mode", kind=InputKind.TEXT, choices=("fast", "slow"))
    with pytest.raises(InvalidRequest, match=r"Risk: must be 2 or less.*Mode: must be one of fast, slow"):
        preset_lines([risk, mode], {"Risk": Decimal(3), "Mode": "medium"})


def test_a_range_is_written_with_its_steps_and_the_flag() -> None:
    span = InputRange(start=Decimal(5), step=Decimal(5), stop=Decimal(20))
    assert preset_lines(specs().values(), {"InpFast": 10, "InpOn": True}, {"InpFast": span}) == [
        "InpOn=true",
        "InpFast=10||5||5||20||Y",
    ]


@pytest.mark.parametrize(
    ("name", "span", "code"),
    [
        ("InpFast", ("1", "0", "5"), "out_of_range"),
        ("InpFast", ("5", "1", "4"), "out_of_range"),
        ("InpFast", ("1", "0.5", "5"), "wrong_type"),
        ("InpName", ("1", "1", "5"), "wrong_type"),
        ("InpSmall", ("1", "1", "300"), "out_of_range"),
        ("Nothing", ("1", "1", "5"), "unknown_input"),
    ],
)
def test_a_range_that_is_wrong_is_named(name: str, span: tuple[str, str, str], code: str) -> None:
    start, step, stop = map(Decimal, span)
    with pytest.raises(InvalidRequest) as caught:
        preset_lines(specs().values(), {}, {name: InputRange(start=start, step=step, stop=stop)})
    assert [(error.field, error.code) for error in caught.value.errors] == [(f"ranges.{name}", code)]
