"""What hostile Expert Advisors and bridges once did."""

import json

import pytest

from edgerunner.mt5_bridge.ea_messages import BadLine, parse_message
from edgerunner.mt5_bridge.remote.lease import _lease_id
from edgerunner.mt5_bridge.remote.link import LinkLostError, Reply, reply_of
from edgerunner.mt5_bridge.remote.orders import _is_uncertain, _is_worth_asking_again

TICK = {"type": "tick", "seq": 2, "symbol": "EURUSD", "time_msc": 1, "bid": "1.1", "ask": "1.2", "last": "0",
        "volume": "0", "flags": 6}  # fmt: skip


@pytest.mark.parametrize("change", [{"bid": "1e999999999"}, {"ask": "NaN"}, {"seq": 2**70}])
def test_a_tick_that_no_market_has_is_a_bad_line(change: dict[str, object]) -> None:
    assert parse_message(json.dumps(TICK).encode()).seq == 2
    with pytest.raises(BadLine):
        parse_message(json.dumps(TICK | change).encode())


def test_a_line_nested_too_deeply_is_a_bad_line() -> None:
    with pytest.raises(BadLine):
        parse_message(b'{"type":"reply","result":' + b"[" * 100_000)


@pytest.mark.parametrize("content", [b"[" * 100_000, b"\xff", b"nonsense", b"9" * 5_000])
def test_an_answer_that_is_no_json_breaks_the_link(content: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        reply_of(200, {}, content)


@pytest.mark.parametrize("body", [None, [], {}, {"lease_id": 5}, "text"])
def test_control_without_an_id_is_no_control(body: object) -> None:
    with pytest.raises(LinkLostError):
        _lease_id(Reply(status=201, body=body))


@pytest.mark.parametrize("body", [None, [], {}, {"result": None}, {"result": 5}, {"result": None, "last_error": [[]]}])
def test_an_answer_about_an_order_that_makes_no_sense_leaves_its_outcome_unknown(body: object) -> None:
    assert _is_uncertain(Reply(status=200, body=body))


@pytest.mark.parametrize("order", [None, [], "x", {"state": []}])
def test_an_unknown_outcome_without_a_state_is_not_asked_for_again(order: object) -> None:
    assert not _is_worth_asking_again(Reply(status=504, body={"code": "outcome_unknown", "order": order}))
