"""What the bridge says, believed only as far as its documentation goes."""

import base64
from typing import Any

import numpy as np
import pytest

from edgerunner.adapters.mt5.bridge_answers import order_error, problem_of, query_error
from edgerunner.adapters.mt5.bridge_wire import Malformed, named_arguments, struct_of, value_of
from edgerunner.domain.errors import (
    BrokerAuthFailed,
    BrokerRejected,
    BrokerTimeout,
    BrokerUnreachable,
    NotConnected,
    OutcomeUnknown,
    Unsupported,
)
from edgerunner.mt5_surface.dtypes import RATES_DTYPE
from edgerunner.mt5_surface.structs import OrderSendResult, Tick, TradeRequest
from tests.unit.adapters.mt5.rows import row


def as_json(struct: Any) -> dict[str, Any]:
    """A struct as the bridge sends it."""
    return {name: as_json(value) if hasattr(value, "_asdict") else value for name, value in struct._asdict().items()}


def test_structs_come_with_all_their_fields_nested_ones_too() -> None:
    sent = row(
        OrderSendResult, retcode=10009, order=2**60, volume=1.1, comment="done", request=row(TradeRequest, magic=9)
    )
    told = struct_of(OrderSendResult, as_json(sent))
    assert told == sent
    assert told.request.magic == 9


def test_float_that_json_cannot_carry_is_not_a_number() -> None:
    told = struct_of(Tick, {**as_json(row(Tick)), "bid": None})
    assert told.bid != told.bid


@pytest.mark.parametrize(
    "changes", [{"bid": "1.1"}, {"time": 1.5}, {"time": True}, {"time": None}, {"more": 1}], ids=str
)
def test_struct_of_another_shape_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(Malformed):
        struct_of(Tick, {**as_json(row(Tick)), **changes})


def test_arrays_come_as_their_bytes() -> None:
    rows = np.zeros(3, RATES_DTYPE)
    rows["time"] = [1, 2, 3]
    told = {
        "dtype": [list(each) for each in RATES_DTYPE.descr],
        "count": 3,
        "base64": base64.b64encode(rows.tobytes()).decode(),
    }
    assert np.array_equal(value_of("copy_rates_from", told), rows)
    for change in ({"count": 2}, {"count": -1}, {"base64": "!"}, {"dtype": [["time", "|O"]]}, {"dtype": None}):
        with pytest.raises(Malformed):
            value_of("copy_rates_from", {**told, **change})


def test_empty_list_is_an_empty_tuple() -> None:
    assert value_of("orders_get", []) == ()


def test_arguments_get_their_names() -> None:
    told = named_arguments("copy_rates_from", ("EURUSD", 1, 2, 3), {})
    assert told == {"symbol": "EURUSD", "timeframe": 1, "date_from": 2, "count": 3}
    assert named_arguments("orders_get", (), {"ticket": 7}) == {"ticket": 7}
    assert named_arguments("history_deals_get", (1, 2), {}) == {"date_from": 1, "date_to": 2}


def problem(status: int, code: str, **more: object) -> Any:
    return problem_of(status, {"status": status, "code": code, "detail": "why", **more})


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (504, "outcome_unknown", OutcomeUnknown),
        (504, "broker_timeout", NotConnected),
        (503, "not_connected", NotConnected),
        (503, "overloaded", NotConnected),
        (409, "lease_lost", NotConnected),
        (409, "account_mismatch", NotConnected),
        (403, "live_not_allowed", BrokerRejected),
        (403, "forbidden", BrokerRejected),
        (422, "denied_by_risk", BrokerRejected),
        (429, "rate_limited", NotConnected),
    ],
)
def test_only_one_refusal_of_an_order_leaves_it_unknown(status: int, code: str, kind: type[Exception]) -> None:
    assert isinstance(order_error(problem(status, code)), kind)


def test_answer_of_something_between_us_and_the_bridge_leaves_an_order_unknown() -> None:
    assert isinstance(order_error(problem_of(502, "<html>")), OutcomeUnknown)


def test_limit_of_the_bridge_is_told_by_its_own_code() -> None:
    error = order_error(problem(422, "denied_by_risk", errors=[{"code": "max_volume", "field": "volume"}]))
    assert isinstance(error, BrokerRejected)
    assert error.broker_code == "max_volume"


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (401, "unauthorized", BrokerAuthFailed),
        (403, "forbidden", BrokerAuthFailed),
        (504, "broker_timeout", BrokerTimeout),
        (503, "not_connected", NotConnected),
        (501, "unsupported", Unsupported),
        (502, "broker_error", BrokerUnreachable),
        (500, "http_500", BrokerUnreachable),
    ],
)
def test_refused_questions_say_why(status: int, code: str, kind: type[Exception]) -> None:
    assert isinstance(query_error(problem(status, code)), kind)
