"""What proves that a command was taken, refused, or neither."""

from decimal import Decimal

import pytest

from edgerunner.adapters.broker import OrderAck
from edgerunner.adapters.ibkr.order_news import (
    Echo,
    Expectation,
    Refusal,
    judge_cancel,
    judge_change,
    judge_placement,
)
from edgerunner.adapters.ibkr.records import ProofRule
from edgerunner.domain.errors import BrokerRejected, OutcomeUnknown
from tests.unit.adapters.ibkr.orders_kit import Heard

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


@pytest.mark.parametrize(
    ("code", "is_doubted"), [(399, False), (404, False), (10349, False), (2109, False), (999_999, True)]
)
async def test_only_a_code_of_no_known_meaning_shortens_the_wait(code: int, is_doubted: bool) -> None:
    expectation = Expectation(judge_placement)
    expectation.hear(Refusal(code=code, text="?"))
    assert expectation.doubted.is_set() is is_doubted
    assert not expectation.answer.done()


async def test_a_lost_socket_leaves_every_command_unknown() -> None:
    heard = Heard()
    expectation = heard.desk.expect(5, judge_placement)
    heard.desk.lost("TWS closed the connection")
    with pytest.raises(OutcomeUnknown, match="TWS closed the connection"):
        await expectation.answer


def test_absence_needs_records_that_have_settled_and_reach_back_to_the_sending() -> None:
    noon_ns = 1_795_453_200 * 10**9  # 2026-11-23 12:00 in New York
    rule = ProofRule(settle_ns=5 * 10**9)
    assert not rule.is_over(now_ns=noon_ns, sent_ns=noon_ns - 4 * 10**9)
    assert rule.is_over(now_ns=noon_ns, sent_ns=noon_ns - 6 * 10**9)
    assert not rule.is_over(now_ns=noon_ns, sent_ns=noon_ns - 13 * 3600 * 10**9)
