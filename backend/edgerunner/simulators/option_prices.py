"""Option prices and greeks as pure functions of the underlying's price and the time.

The formula of Black and Scholes (Journal of Political Economy 81, 1973) without dividends, at a fixed rate and a
volatility that falls with the strike, never below what exercise is worth; so a chain needs only its underlying's
simulated path. Time passes in quarters of an hour: within one an option follows its underlying strictly, which makes
the extremes of any bar exact. Used by the market (``OptionPricing``) and by whoever tells greeks (``option_value``).
"""

import math
from dataclasses import dataclass
from typing import Final

from edgerunner.simulators.path import STEP_NS

RATE: Final = 0.04
"""Interest a year, continuous."""
CELL_STEPS: Final = 9_000
"""Market steps of a quarter of an hour."""
_YEAR_NS: Final = 365 * 86_400 * 1_000_000_000
_DAYS: Final = 365
_USUAL_VOLATILITY: Final = 0.16
_SKEW: Final = 0.25
_LEAST_VOLATILITY: Final = 0.10
_MOST_VOLATILITY: Final = 0.40


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionTerms:
    """One option. ``usual_price`` = price of the underlying at which the strike is called near."""

    strike: float
    is_call: bool
    expires_ns: int
    usual_price: float

    @property
    def volatility(self) -> float:
        """Return the volatility that the option is priced with, a year: lower strikes cost more of it."""
        wanted = _USUAL_VOLATILITY - _SKEW * math.log(self.strike / self.usual_price)
        return min(_MOST_VOLATILITY, max(_LEAST_VOLATILITY, wanted))


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionValue:
    """A theoretical price per unit of the underlying, and how it moves.

    Attributes:
        vega: Change of the price for one more point (0.01) of volatility.
        theta: Change of the price over one day.
    """

    price: float
    volatility: float
    delta: float
    gamma: float
    vega: float
    theta: float


def option_value(terms: OptionTerms, underlying: float, time_ns: int) -> OptionValue:
    """Return price and greeks at a price (> 0) of the underlying; from the expiry on what exercise is worth."""
    years = (terms.expires_ns - _cell_start(time_ns)) / _YEAR_NS
    sign = 1 if terms.is_call else -1
    intrinsic = max(0.0, sign * (underlying - terms.strike))
    if time_ns >= terms.expires_ns:
        delta = float(sign) if intrinsic else 0.0
        return OptionValue(price=intrinsic, volatility=terms.volatility, delta=delta, gamma=0.0, vega=0.0, theta=0.0)
    deviation = terms.volatility * math.sqrt(years)
    d1 = (math.log(underlying / terms.strike) + RATE * years) / deviation + deviation / 2
    d2 = d1 - deviation
    discounted = terms.strike * math.exp(-RATE * years)
    density = math.exp(-d1 * d1 / 2) / math.sqrt(2 * math.pi)
    decay = -underlying * density * terms.volatility / (2 * math.sqrt(years))
    return OptionValue(
        price=max(intrinsic, sign * (underlying * _normal(sign * d1) - discounted * _normal(sign * d2))),
        volatility=terms.volatility,
        delta=sign * _normal(sign * d1),
        gamma=density / (underlying * deviation),
        vega=underlying * density * math.sqrt(years) / 100,
        theta=(decay - sign * RATE * discounted * _normal(sign * d2)) / _DAYS,
    )


@dataclass(frozen=True, slots=True)
class OptionPricing:
    """Prices an option on the market: see ``sources.Pricing``."""

    terms: OptionTerms
    cell_steps: int = CELL_STEPS

    @property
    def is_rising(self) -> bool:
        """Tell whether the option gains as its underlying does."""
        return self.terms.is_call

    def price(self, underlying: float, step: int) -> float:
        """Return the theoretical price in a market step."""
        return option_value(self.terms, underlying, step * STEP_NS).price

    def has_ended(self, step: int) -> bool:
        """Tell whether the option has expired."""
        return step * STEP_NS >= self.terms.expires_ns


def _cell_start(time_ns: int) -> int:
    length = CELL_STEPS * STEP_NS
    return time_ns - time_ns % length


def _normal(x: float) -> float:
    """Return the cumulative normal distribution."""
    return math.erfc(-x / math.sqrt(2)) / 2
