"""Limits on what clients may ask: messages a second, and requests for history."""

from dataclasses import replace
from typing import Any

import pytest

from edgerunner.simulators.tws.pacing import EXCESSES_BEFORE_THE_CUT, MESSAGES_A_SECOND, Pacing, PacingMode
from edgerunner.simulators.tws.wire.market_requests import (
    RequestHistoricalData,
    RequestHistoricalTicks,
    RequestRealTimeBars,
)
from edgerunner.simulators.tws.wire.values import Contract

AAPL = Contract(symbol="AAPL", sec_type="STK", exchange="SMART", currency="USD")
VIOLATION = "Historical Market Data Service error message:Historical data request pacing violation"


class Hand:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def history(number: int = 0, **words: Any) -> RequestHistoricalData:
    """Ask for bars; each number is another request."""
    asked = {
        "contract": AAPL,
        "end": f"20261123 10:{number // 60:02}:{number % 60:02}",
        "bar_size": "5 secs",
        "duration": "60 S",
        "is_regular_hours": True,
        "what_to_show": "TRADES",
        "date_format": 1,
    }
    return RequestHistoricalData(request_id=number, **{**asked, **words})


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
def pacing(hand: Hand) -> Pacing:
    return Pacing(PacingMode.TWS, hand)


def test_fifty_messages_a_second_pass_over_all_clients(pacing: Pacing, hand: Hand) -> None:
    assert all(pacing.admit(number % 2, object()).is_admitted for number in range(MESSAGES_A_SECOND))
    verdict = pacing.admit(0, object())
    assert (verdict.is_admitted, verdict.is_cut) == (False, False)
    assert [(each.request_id, each.code) for each in verdict.messages] == [(-1, 100)]
    assert verdict.messages[0].text == "Max rate of messages per second has been exceeded:max=50 rec=51 (1)"
    hand.now += 1.01
    assert pacing.admit(0, object()).is_admitted


def test_excess_is_told_once_a_second_and_costs_nobody_his_fifty(pacing: Pacing, hand: Hand) -> None:
    admitted = told = 0
    for _ in range(600):
        verdict = pacing.admit("client", object())
        admitted += verdict.is_admitted
        told += len(verdict.messages)
        hand.now += 1 / 60
        if verdict.is_cut:
            break
    assert told == EXCESSES_BEFORE_THE_CUT
    assert admitted >= 2 * MESSAGES_A_SECOND


def test_the_third_second_of_excess_cuts_the_sender_only(pacing: Pacing, hand: Hand) -> None:
    cuts = []
    for _ in range(EXCESSES_BEFORE_THE_CUT):
        verdicts = [pacing.admit("fast", object()) for _ in range(MESSAGES_A_SECOND + 5)]
        cuts.append(any(each.is_cut for each in verdicts))
        hand.now += 1.01
    assert cuts == [False, False, True]
    pacing.forget("fast")
    verdicts = [pacing.admit("fast", object()) for _ in range(MESSAGES_A_SECOND + 5)]
    assert not any(each.is_cut for each in verdicts)


def test_an_identical_request_within_15_seconds_is_refused(pacing: Pacing, hand: Hand) -> None:
    assert pacing.admit(0, history()).is_admitted
    hand.now += 14.9
    verdict = pacing.admit(1, replace(history(), request_id=77))
    assert (verdict.is_admitted, [each.text for each in verdict.messages]) == (False, [VIOLATION])
    assert (verdict.messages[0].request_id, verdict.messages[0].code) == (77, 162)
    hand.now += 0.2
    assert pacing.admit(1, history()).is_admitted


def test_the_sixth_request_of_one_contract_and_kind_within_two_seconds_is_refused(pacing: Pacing, hand: Hand) -> None:
    assert [pacing.admit(0, history(number)).is_admitted for number in range(6)] == [True] * 5 + [False]
    assert pacing.admit(0, history(6, what_to_show="MIDPOINT")).is_admitted
    assert pacing.admit(0, history(7, contract=replace(AAPL, exchange="ARCA"))).is_admitted
    hand.now += 2.01
    assert pacing.admit(0, history(8)).is_admitted


def test_bid_and_ask_count_twice(pacing: Pacing) -> None:
    answers = [pacing.admit(0, history(number, what_to_show="BID_ASK")).is_admitted for number in range(3)]
    assert answers == [True, True, False]


def test_sixty_requests_pass_in_ten_minutes(pacing: Pacing, hand: Hand) -> None:
    for number in range(60):
        assert pacing.admit(0, history(number)).is_admitted
        hand.now += 5
    assert not pacing.admit(0, history(60)).is_admitted
    hand.now += 301
    assert pacing.admit(0, history(61)).is_admitted


@pytest.mark.parametrize(
    ("mode", "size", "admitted"),
    [
        (PacingMode.TWS, "30 secs", 5),
        (PacingMode.TWS, "1 min", 20),
        (PacingMode.STRICT, "1 min", 5),
        (PacingMode.LENIENT, "5 secs", 20),
    ],
)
def test_bars_above_30_seconds_are_exempt_unless_the_mode_is_strict(
    hand: Hand, mode: PacingMode, size: str, admitted: int
) -> None:
    pacing = Pacing(mode, hand)
    answers = [pacing.admit(0, history(number, bar_size=size)).is_admitted for number in range(20)]
    assert sum(answers) == admitted


def test_a_lenient_gateway_takes_any_number_of_messages(hand: Hand) -> None:
    pacing = Pacing(PacingMode.LENIENT, hand)
    assert all(pacing.admit(0, object()).is_admitted for _ in range(1000))


def test_single_ticks_and_real_time_bars_are_counted_with_codes_of_their_own(pacing: Pacing) -> None:
    ticks = RequestHistoricalTicks(
        request_id=1, contract=AAPL, start="x", end="", count=1, what_to_show="TRADES", is_regular_hours=True
    )
    bars = RequestRealTimeBars(request_id=2, contract=AAPL, what_to_show="MIDPOINT", is_regular_hours=True)
    assert pacing.admit(0, ticks).is_admitted
    assert pacing.admit(0, bars).is_admitted
    assert [each.code for each in pacing.admit(0, ticks).messages] == [162]
    (error,) = pacing.admit(0, bars).messages
    assert (error.code, error.text) == (420, "Invalid Real-time Query:Historical data request pacing violation")
