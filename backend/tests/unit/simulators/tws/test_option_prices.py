"""Prices and greeks of simulated options, against integration and differences that know nothing of the formula."""

import math
from datetime import UTC, datetime

import pytest

from edgerunner.simulators.instrument_types import DailyTime
from edgerunner.simulators.option_prices import CELL_STEPS, RATE, OptionTerms, option_value
from edgerunner.simulators.path import STEP_NS

DAY_NS = 86_400 * 10**9
YEAR_NS = 365 * DAY_NS
CELL_NS = CELL_STEPS * STEP_NS
NOW_NS = 1_795_447_800_000_000_000 // CELL_NS * CELL_NS
SPOT = 624.0
STRIKES = (500.0, 600.0, 625.0, 640.0, 760.0)


def terms(strike: float, *, is_call: bool, days: float = 40) -> OptionTerms:
    return OptionTerms(strike=strike, is_call=is_call, expires_ns=NOW_NS + round(days * DAY_NS), usual_price=600)


def integrated(option: OptionTerms, spot: float, time_ns: int) -> float:
    """Return the discounted mean of the payoff over a lognormal price, by adding up thin slices."""
    years = (option.expires_ns - time_ns) / YEAR_NS
    deviation = option.volatility * math.sqrt(years)
    slices, widest = 40_000, 9.0
    width = 2 * widest / slices
    total = 0.0
    for number in range(slices):
        draw = -widest + (number + 0.5) * width
        price = spot * math.exp(RATE * years - deviation**2 / 2 + deviation * draw)
        payoff = max(0.0, price - option.strike if option.is_call else option.strike - price)
        total += payoff * math.exp(-draw * draw / 2) / math.sqrt(2 * math.pi) * width
    return total * math.exp(-RATE * years)


@pytest.mark.parametrize("strike", STRIKES)
@pytest.mark.parametrize("is_call", [True, False])
def test_a_price_is_the_discounted_mean_of_the_payoff_or_what_exercise_is_worth(strike: float, is_call: bool) -> None:
    option = terms(strike, is_call=is_call)
    exercise = max(0.0, SPOT - strike if is_call else strike - SPOT)
    found = option_value(option, SPOT, NOW_NS).price
    assert found == pytest.approx(max(exercise, integrated(option, SPOT, NOW_NS)), abs=1e-4)


@pytest.mark.parametrize("strike", STRIKES[1:4])
@pytest.mark.parametrize("is_call", [True, False])
def test_greeks_are_the_slopes_of_the_price(strike: float, is_call: bool) -> None:
    option, step = terms(strike, is_call=is_call), 0.01
    here = option_value(option, SPOT, NOW_NS)
    up, down = (option_value(option, SPOT + move, NOW_NS) for move in (step, -step))
    assert here.delta == pytest.approx(
        (integrated(option, SPOT + 1, NOW_NS) - integrated(option, SPOT - 1, NOW_NS)) / 2, abs=1e-3
    )
    assert here.gamma == pytest.approx((up.delta - down.delta) / (2 * step), rel=1e-4)
    later = option_value(option, SPOT, NOW_NS + CELL_NS)
    assert here.theta == pytest.approx((later.price - here.price) / (CELL_NS / DAY_NS), rel=0.01, abs=1e-3)


def test_within_a_quarter_of_an_hour_only_the_underlying_moves_a_price() -> None:
    option = terms(625.0, is_call=True)
    assert option_value(option, SPOT, NOW_NS) == option_value(option, SPOT, NOW_NS + CELL_NS - 1)
    assert option_value(option, SPOT, NOW_NS) != option_value(option, SPOT, NOW_NS + CELL_NS)


@pytest.mark.parametrize(("strike", "is_call", "worth"), [(600.0, True, 24), (600.0, False, 0), (640.0, False, 16)])
def test_from_its_end_on_an_option_is_worth_its_exercise(strike: float, is_call: bool, worth: float) -> None:
    option = terms(strike, is_call=is_call, days=0)
    assert option_value(option, SPOT, NOW_NS).price == worth


def test_lower_strikes_cost_more_volatility() -> None:
    found = [terms(strike, is_call=False).volatility for strike in STRIKES]
    assert found == sorted(found, reverse=True)


@pytest.mark.parametrize(
    ("after", "then"),
    [
        ("2026-10-30T21:00", "2026-11-02T22:00"),  # Friday's settlement: the next is Monday's, in winter time
        ("2026-10-30T20:59", "2026-10-30T21:00"),
        ("2026-11-07T12:00", "2026-11-09T22:00"),
        ("2027-03-12T22:00", "2027-03-15T21:00"),
    ],
)
def test_a_daily_time_follows_the_wall_of_its_zone_on_weekdays(after: str, then: str) -> None:
    daily = DailyTime(zone="America/Chicago", at=datetime(2026, 1, 1, 16, tzinfo=UTC).time())
    moments = [round(datetime.fromisoformat(f"{text}+00:00").timestamp()) * 10**9 for text in (after, then)]
    assert daily.next_ns(moments[0]) == moments[1]
