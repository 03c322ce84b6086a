"""PairsSpread over hand-made prices of two instruments on two connections."""

import math
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest

from edgerunner.domain.errors import InvalidRequest
from edgerunner.domain.orders import OrderStatus
from edgerunner.strategies.errors import StrategyMisuse
from edgerunner.strategies.intents import OrderHandle
from edgerunner.strategies.shipped.pairs_spread import PairsSpread
from tests.fakes.instruments import INVERSE, LINEAR
from tests.fakes.strategy_host import FakeHost, bars_of

FIRST, SECOND = "bybit-sim:BTCUSDT-LINEAR.BYBIT", "mt5-sim:BTCUSD.MT5"
PARAMETERS: dict[str, object] = {
    "period": 12, "entry_score": 2.0, "exit_score": 0.5, "stop_score": 3.2, "quantity": 0.5
}  # fmt: skip


def host() -> FakeHost:
    return FakeHost({FIRST: LINEAR, SECOND: replace(LINEAR, instrument_id=SECOND, multiplier=Decimal(10))})


def seconds(count: int) -> list[float]:
    """A second leg that swings by two percent around 100."""
    return [round(100 * math.exp(0.02 * math.sin(place)), 2) for place in range(count)]


def firsts(spreads: list[float]) -> list[float]:
    """A first leg at a tenth of the power 0.8 of the second, off by ``spreads`` and a little alternating noise."""
    return [
        round(50 * (second / 100) ** 0.8 * math.exp(spread + 0.001 * (-1) ** place), 4)
        for place, (second, spread) in enumerate(zip(seconds(len(spreads)), spreads, strict=True))
    ]


def run(fake: FakeHost, spreads: list[float], *, start: int = 0) -> list[tuple[int, str, str]]:
    """Play both legs bar by bar; return (number of the bar, leg, what was asked for)."""
    asked = []
    legs = zip(bars_of(FIRST, firsts(spreads)), bars_of(SECOND, seconds(len(spreads))), strict=True)
    for place, pair in enumerate(legs):
        if place < start:
            continue
        before = len(fake.intents)
        for bar in pair:
            fake.bar(bar)
        names = ["first" if intent.instrument_id == FIRST else "second" for intent in fake.intents[before:]]
        asked += [(place, name, sentence) for name, sentence in zip(names, fake.sent[before:], strict=True)]
    return asked


CALM = [0.0] * 15
OPEN_RICH = [*CALM, 0.02]
AND_BACK = [*OPEN_RICH, 0.02, -0.001]


def test_both_legs_are_opened_when_the_spread_is_wide_and_closed_when_it_is_back() -> None:
    fake = host()
    fake.start(PairsSpread, PARAMETERS)
    asked = run(fake, AND_BACK)
    assert [(place, leg, words.split()[0]) for place, leg, words in asked] == [
        (15, "first", "sell"),
        (15, "second", "buy"),
        (17, "first", "buy"),
        (17, "second", "sell"),
    ]
    assert fake.position(FIRST).quantity == fake.position(SECOND).quantity == 0


def test_a_cheap_spread_is_bought() -> None:
    fake = host()
    fake.start(PairsSpread, PARAMETERS)
    asked = run(fake, [*CALM, -0.02])
    assert [(leg, words.split()[0]) for _, leg, words in asked] == [("second", "sell"), ("first", "buy")]


def test_the_second_leg_has_beta_times_the_value_of_the_first_in_whole_lots() -> None:
    fake = host()
    strategy = fake.start(PairsSpread, PARAMETERS)
    run(fake, OPEN_RICH)
    assert isinstance(strategy, PairsSpread)
    assert strategy.score.beta is not None
    exact = 0.5 * fake.prices[FIRST] * strategy.score.beta / (fake.prices[SECOND] * 10)
    held = fake.position(SECOND).quantity
    assert exact - 0.001 < held <= exact
    assert round(held / 0.001) == pytest.approx(held / 0.001)


def test_beyond_the_stop_both_legs_are_closed_and_nothing_is_opened_before_the_spread_is_back() -> None:
    # Scores from bar 15 on: 1.76 3.22 1.64 1.47 1.53 -0.10 -0.40 -0.76 -2.24
    path = [*CALM, 0.0035, 0.02, 0.02, 0.02, 0.02, 0.0, 0.0, 0.0, -0.01]
    parameters = {**PARAMETERS, "entry_score": 1.5, "stop_score": 3.0}
    fake = host()
    fake.start(PairsSpread, parameters)
    assert [place for place, _, _ in run(fake, path[:17])] == [15, 15, 16, 16]
    fake.start(PairsSpread, parameters)  # the wait outlives a restart
    fake.is_warming_up = True
    run(fake, path[:17])
    fake.is_warming_up = False
    assert [place for place, _, _ in run(fake, path, start=17)] == [23, 23]


@pytest.mark.parametrize("refused", [FIRST, SECOND])
def test_a_leg_refused_on_the_spot_leaves_neither(refused: str) -> None:
    fake = host()
    fake.refuses[refused] = "no margin"
    fake.start(PairsSpread, PARAMETERS)
    run(fake, OPEN_RICH)
    assert fake.position(FIRST).quantity == fake.position(SECOND).quantity == 0
    assert fake.open_orders() == ()
    assert any("no margin" in line for line in fake.lines)
    assert len([sentence for sentence in fake.sent if "reduce" not in sentence]) == (1 if refused == FIRST else 2)


@pytest.mark.parametrize("rejected", [FIRST, SECOND])
def test_a_leg_rejected_by_its_broker_leaves_neither(rejected: str) -> None:
    fake = host()
    fake.rejects[rejected] = "market closed"
    fake.start(PairsSpread, PARAMETERS)
    run(fake, OPEN_RICH)
    assert fake.position(FIRST).quantity == fake.position(SECOND).quantity == 0
    assert fake.open_orders() == ()
    assert any("market closed" in line for line in fake.lines)


def test_a_rejection_that_comes_before_the_other_leg_fills_closes_it_after_the_fill() -> None:
    fake = host()
    fake.is_holding = True
    fake.start(PairsSpread, PARAMETERS)
    run(fake, OPEN_RICH)
    sold, bought = fake.open_orders()
    fake.fill(sold, 50.0)
    fake.reject(bought, "halted")
    fake.is_holding = False
    fake.settle()
    assert fake.position(FIRST).quantity == 0
    assert [sentence for sentence in fake.sent if "reduce" in sentence] == ["buy 0.5 reduce"]


def test_a_fill_that_overtakes_its_cancel_is_closed_at_once() -> None:
    fake = host()
    fake.is_holding = True
    fake.start(PairsSpread, PARAMETERS)
    run(fake, OPEN_RICH)
    sold, bought = fake.open_orders()
    fake.reject(bought, "halted")
    fake.is_holding = False
    fake.settle()
    assert fake.cancels == [sold.order_id]
    fake.fill(sold, 50.0)
    fake.settle()
    assert fake.position(FIRST).quantity == 0
    assert fake.open_orders() == ()


def test_an_entry_that_fills_only_in_part_is_unwound_on_both_sides() -> None:
    fake = host()
    fake.is_holding = True
    fake.start(PairsSpread, PARAMETERS)
    run(fake, OPEN_RICH)
    sold, bought = fake.open_orders()
    fake.fill(sold, 50.0, 0.2)
    fake.fill(bought, 100.0)
    fake.settle()
    fake.is_holding = False
    fake.cancel(sold)
    fake.settle()
    assert fake.position(FIRST).quantity == fake.position(SECOND).quantity == 0


def test_a_single_leg_found_after_a_restart_is_closed() -> None:
    fake = host()
    fake.start(PairsSpread, PARAMETERS)
    run(fake, OPEN_RICH)
    fake.holdings.pop(SECOND)
    fake.start(PairsSpread, PARAMETERS)
    fake.intents.clear()
    asked = run(fake, CALM)
    assert [(leg, words) for _, leg, words in asked] == [("first", "buy 0.5 reduce")]
    assert "closing both legs: one leg stands alone" in fake.lines


def test_a_restart_with_both_legs_opens_no_second_pair() -> None:
    fake = host()
    fake.start(PairsSpread, PARAMETERS)
    run(fake, OPEN_RICH)
    held = fake.position(FIRST).quantity, fake.position(SECOND).quantity
    fake.start(PairsSpread, PARAMETERS)
    fake.is_warming_up = True
    fake.intents.clear()
    assert run(fake, AND_BACK) == []
    fake.start(PairsSpread, PARAMETERS)
    run(fake, OPEN_RICH)
    fake.is_warming_up = False
    assert run(fake, [*OPEN_RICH, 0.02], start=16) == []
    assert (fake.position(FIRST).quantity, fake.position(SECOND).quantity) == held


def test_nothing_is_sent_while_an_order_is_on_its_way() -> None:
    fake = host()
    fake.is_holding = True
    fake.start(PairsSpread, PARAMETERS)
    assert len(run(fake, [*OPEN_RICH, 0.02, 0.02, 0.02])) == 2


def test_a_bar_without_its_twin_is_passed_over() -> None:
    fake = host()
    strategy = fake.start(PairsSpread, PARAMETERS)
    for bar in bars_of(FIRST, firsts(OPEN_RICH)):
        fake.bar(bar)
    assert isinstance(strategy, PairsSpread)
    assert fake.sent == []
    assert len(strategy.score.state()["first"]) == 0  # type: ignore[arg-type]


def test_a_pair_has_two_instruments_whose_value_is_price_times_quantity() -> None:
    with pytest.raises(StrategyMisuse, match="two instruments"):
        FakeHost({FIRST: LINEAR}).start(PairsSpread)
    with pytest.raises(StrategyMisuse, match="inverse"):
        FakeHost({FIRST: LINEAR, SECOND: INVERSE}).start(PairsSpread)


@pytest.mark.parametrize(
    "wrong", [{"entry_score": 0.4}, {"entry_score": 0.5}, {"entry_score": 4.0}, {"entry_score": 5.0}]
)
def test_scores_out_of_order_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidRequest, match=r"parameters\.entry_score"):
        PairsSpread.validated(wrong)


class Scores:
    """Stands in for the indicator: given scores, one per pair of bars, and a given beta."""

    def __init__(self, scores: Sequence[float], beta: float | None) -> None:
        self.beta = beta
        self._left = iter(scores)

    def update(self, _first: float, _second: float) -> float:
        return next(self._left)


def at_scores(*scores: float, beta: float | None = 1.0, multiplier: int = 1, **changes: object) -> list[str]:
    """Play one pair of bars, at 50 and 100, per score; return what each was answered with, in words."""
    fake = host()
    fake.instruments[FIRST] = replace(LINEAR, multiplier=Decimal(multiplier))
    strategy = fake.start(PairsSpread, {**PARAMETERS, **changes})
    strategy.score = Scores(scores, beta)  # type: ignore[attr-defined]
    answers = []
    for first, second in zip(bars_of(FIRST, [50.0] * len(scores)), bars_of(SECOND, [100.0] * len(scores)), strict=True):
        before = len(fake.sent)
        fake.bar(first)
        fake.bar(second)
        answers.append(", ".join(fake.sent[before:]))
    return answers


SELL_THE_SPREAD, AND_CLOSE_IT = "sell 0.5, buy 0.025", "buy 0.5 reduce, sell 0.025 reduce"
BUY_THE_SPREAD, AND_CLOSE_THAT = "sell 0.025, buy 0.5", "sell 0.5 reduce, buy 0.025 reduce"


def test_a_score_at_the_entry_opens_and_one_below_it_does_not() -> None:
    assert at_scores(1.99, -1.99, 2.0) == ["", "", SELL_THE_SPREAD]
    assert at_scores(-2.0) == [BUY_THE_SPREAD]
    assert at_scores(0.9, entry_score=0.8) == [SELL_THE_SPREAD]


def test_a_score_at_the_exit_closes_and_one_above_it_does_not() -> None:
    assert at_scores(2.0, 0.51, 0.5) == [SELL_THE_SPREAD, "", AND_CLOSE_IT]
    assert at_scores(-2.0, -0.51, -0.5) == [BUY_THE_SPREAD, "", AND_CLOSE_THAT]


def test_a_spread_that_jumps_to_the_other_side_closes_the_pair() -> None:
    assert at_scores(2.0, 1.0, -1.0) == [SELL_THE_SPREAD, "", AND_CLOSE_IT]
    assert at_scores(-2.0, -1.0, 1.0) == [BUY_THE_SPREAD, "", AND_CLOSE_THAT]


def test_a_score_at_the_stop_closes_and_the_wait_ends_at_the_exit_score() -> None:
    answers = at_scores(2.0, 3.19, 3.2, 2.0, 0.51, 2.0, 0.5, 2.0)
    assert answers == [SELL_THE_SPREAD, "", AND_CLOSE_IT, "", "", "", "", SELL_THE_SPREAD]


def test_nothing_is_opened_at_or_beyond_the_stop() -> None:
    assert at_scores(3.2, -3.2, 5.0, 3.19) == ["", "", "", SELL_THE_SPREAD]


@pytest.mark.parametrize("beta", [None, 0.0, -1.0, 0.00001])
def test_without_a_hedge_of_at_least_a_lot_nothing_is_opened(beta: float | None) -> None:
    assert at_scores(2.5, beta=beta) == [""]


def test_the_hedge_counts_the_multipliers_of_both_legs() -> None:
    assert at_scores(2.5, beta=0.5, multiplier=5) == ["sell 0.5, buy 0.062"]  # 0.5 * 50 * 5 * 0.5 / (100 * 10)


def given_up_after_a_rejection(
    *, sold_before: float = 0.0, keeps_canceled: bool = False
) -> tuple[FakeHost, OrderHandle]:
    """A pair whose bought leg was rejected; the sold leg's entry is canceled, or its cancel is on its way."""
    fake = host()
    fake.is_holding = True
    fake.keeps_canceled = keeps_canceled
    fake.start(PairsSpread, PARAMETERS)
    run(fake, OPEN_RICH)
    sold, bought = fake.open_orders()
    fake.reject(bought, "halted")
    fake.is_holding = False
    fake.settle()
    if sold_before:
        fake.fill(sold, 50.0, sold_before)
        fake.settle()
    return fake, sold


def test_a_leg_sold_in_part_while_its_cancel_is_on_its_way_is_closed_once_the_cancel_is_confirmed() -> None:
    fake, _ = given_up_after_a_rejection(sold_before=0.2, keeps_canceled=True)
    assert fake.position(FIRST).quantity == -0.2
    fake.intents.clear()
    fake.confirm_cancels()
    assert fake.sent == ["buy 0.2 reduce"]
    assert fake.position(FIRST).quantity == 0


def test_a_fill_told_after_its_order_was_canceled_is_closed() -> None:
    fake, sold = given_up_after_a_rejection()
    assert sold.status is OrderStatus.CANCELED
    fake.intents.clear()
    fake.fill(sold, 50.0, 0.2)
    fake.settle()
    assert fake.sent == ["buy 0.2 reduce"]
    assert fake.position(FIRST).quantity == 0
