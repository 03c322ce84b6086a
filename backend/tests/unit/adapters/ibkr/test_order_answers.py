"""What proves that a command was taken, refused, or neither."""

from decimal import Decimal

import pytest

from edgerunner.adapters.broker import OrderAck
from edgerunner.adapters.ibkr.order_news import Echo, Refusal, judge_cancel, judge_change, judge_placement
from edgerunner.domain.errors import BrokerRejected

WANTED = (Decimal(100), Decimal("101.5"), None)


@pytest.mark.parametrize("code", [110, 200, 201, 203, 321, 103])
def test_a_refusing_code_before_any_sign_of_the_order_refuses_a_placement(code: int) -> None:
    verdict = judge_placement(Refusal(code=code, text="no"))
    assert isinstance(verdict, BrokerRejected)
    assert (verdict.broker_code, verdict.text) == (str(code), "no")


@pytest.mark.parametrize("code", [399, 404, 10349, 2109, 202, 999_999])
def test_other_codes_prove_nothing_about_a_placement(code: int) -> None:
    assert judge_placement(Refusal(code=code, text="?")) is None


def test_any_sign_of_the_order_acknowledges_its_placement() -> None:
    assert judge_placement(Echo(perm_id=9)) == OrderAck(venue_order_id="9")
    assert judge_placement(Echo(perm_id=0, status="PendingSubmit")) == OrderAck(venue_order_id=None)


def test_a_change_is_taken_when_the_order_shows_it() -> None:
    judge = judge_change(WANTED)
    assert judge(Echo(perm_id=9, status="Submitted")) is None
    assert judge(Echo(perm_id=9, terms=(Decimal(100), Decimal(101), None))) is None
    assert judge(Echo(perm_id=9, terms=WANTED)) == OrderAck(venue_order_id="9")
    assert isinstance(judge(Refusal(code=201, text="no")), BrokerRejected)
    assert isinstance(judge(Refusal(code=202, text="canceled")), BrokerRejected)
    assert judge(Refusal(code=399, text="held")) is None


@pytest.mark.parametrize("word", ["PendingCancel", "Cancelled", "ApiCancelled"])
def test_a_cancel_is_taken_by_its_status(word: str) -> None:
    assert judge_cancel(Echo(perm_id=9, status=word)) == OrderAck(venue_order_id="9")


def test_a_cancel_is_taken_by_code_202_and_refused_by_10147_and_10148() -> None:
    assert judge_cancel(Refusal(code=202, text="Order Canceled - reason:")) == OrderAck(venue_order_id=None)
    for code in (10147, 10148, 161):
        assert isinstance(judge_cancel(Refusal(code=code, text="no")), BrokerRejected)
    assert judge_cancel(Echo(perm_id=9, status="Submitted")) is None
