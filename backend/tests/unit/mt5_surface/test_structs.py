"""Structs behave as CPython's struct sequences do; ``os.terminal_size`` is one to compare with."""

import copy
import os
import pickle
from typing import Any

import pytest

from edgerunner.mt5_surface.struct_sequence import StructSequence, field_kinds, from_mapping
from edgerunner.mt5_surface.structs import STRUCTS, AccountInfo, BookInfo, OrderSendResult, Tick, TradeRequest

TICK = Tick((1, 1.1, 1.2, 0.0, 0, 1000, 6, 0.0))


def test_a_struct_is_a_tuple_with_names() -> None:
    assert isinstance(TICK, tuple)
    assert tuple(TICK) == (1, 1.1, 1.2, 0.0, 0, 1000, 6, 0.0)
    assert (TICK.bid, TICK[1], TICK[-2]) == (1.1, 1.1, 6)
    assert TICK._asdict() == {
        "time": 1, "bid": 1.1, "ask": 1.2, "last": 0.0, "volume": 0, "time_msc": 1000, "flags": 6, "volume_real": 0.0,
    }  # fmt: skip
    assert hash(TICK) == hash(tuple(TICK))
    assert type(TICK[:2]) is tuple


@pytest.mark.parametrize("struct", STRUCTS.values(), ids=list(STRUCTS))
def test_every_struct_has_what_a_struct_sequence_has_and_nothing_of_a_named_tuple(struct: Any) -> None:
    count = len(field_kinds(struct))
    assert (struct.n_fields, struct.n_sequence_fields, struct.n_unnamed_fields) == (count, count, 0)
    assert len(struct.__match_args__) == count
    assert not hasattr(struct, "_fields")
    assert not hasattr(struct, "_replace")
    assert struct(iter(range(count))) == tuple(range(count))


def test_structs_are_matched_by_position() -> None:
    match TICK:
        case Tick(seconds, bid, ask):
            assert (seconds, bid, ask) == (1, 1.1, 1.2)
        case _:
            pytest.fail("a struct is not matched")


@pytest.mark.parametrize("values", [range(3), range(9), [], 5, None])
def test_a_struct_is_made_of_exactly_its_values_with_the_words_of_cpython(values: Any) -> None:
    theirs = _refusal(os.terminal_size, values)
    assert _refusal(Tick, values) == theirs.replace("os.terminal_size", "Tick").replace(" 2-seq", " 8-seq")


def test_a_struct_takes_one_iterable_not_many_values() -> None:
    with pytest.raises(TypeError):
        BookInfo(1, 1.0, 1, 1.0)  # type: ignore[call-arg, arg-type]


def test_structs_are_read_only_and_cannot_be_derived_from() -> None:
    with pytest.raises(AttributeError):
        TICK.bid = 2.0
    with pytest.raises(AttributeError):
        TICK.other = 2.0  # type: ignore[attr-defined]
    with pytest.raises(TypeError, match="'Tick' is not an acceptable base type"):
        type("Mine", (Tick,), {})


def test_a_struct_prints_as_struct_sequences_do() -> None:
    assert repr(BookInfo((1, 1.5, 2, 2.0))) == "BookInfo(type=1, price=1.5, volume=2, volume_dbl=2.0)"


def test_structs_survive_pickle_and_copy_with_structs_inside() -> None:
    request = from_mapping(TradeRequest, {name: kind() for name, kind in field_kinds(TradeRequest).items()})
    result = OrderSendResult((10009, 1, 2, 0.1, 1.1, 1.0, 1.1, "Request executed", 7, 0, request))
    for twin in (pickle.loads(pickle.dumps(result)), copy.deepcopy(result)):  # noqa: S301 - our own bytes
        assert twin == result
        assert type(twin) is OrderSendResult
        assert type(twin.request) is TradeRequest
    assert result._asdict()["request"] is request


def test_values_by_name_are_checked_for_missing_and_unknown_ones() -> None:
    with pytest.raises(KeyError):
        from_mapping(BookInfo, {"type": 1})
    with pytest.raises(TypeError, match="BookInfo has no field colour"):
        from_mapping(BookInfo, {"type": 1, "price": 1.0, "volume": 1, "volume_dbl": 1.0, "colour": 1})


def test_types_of_fields_are_known() -> None:
    kinds = field_kinds(AccountInfo)
    assert (kinds["login"], kinds["fifo_close"], kinds["balance"], kinds["name"]) == (int, bool, float, str)
    assert field_kinds(OrderSendResult)["request"] is TradeRequest
    assert all(issubclass(struct, StructSequence) for struct in STRUCTS.values())


def _refusal(struct: Any, values: Any) -> str:
    with pytest.raises(TypeError) as refusal:
        struct(values)
    return str(refusal.value)
