"""European options after Black, Scholes and Merton (1973), without dividends: value, greeks, implied volatility.

Floats on purpose: these are model figures of market data; prices of orders come from ticks. Times are years, rates and
volatilities fractions a year.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

_NORMAL = NormalDist()
_DAYS_A_YEAR = 365.0
_LOWEST_VOLATILITY, _HIGHEST_VOLATILITY = 0.001, 5.0
_HALVINGS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionTerms:
    """What an option's value depends on besides the volatility; ``years`` to its end, 0 = now."""

    is_call: bool
    spot: float
    strike: float
    years: float
    rate: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Greeks:
    """Value and sensitivities per one unit of the underlying: ``vega`` per point of volatility, ``theta`` per day."""

    value: float
    delta: float
    gamma: float
    vega: float
    theta: float


def option_value(terms: OptionTerms, volatility: float) -> float:
    """Return what an option is worth; at its end, or without volatility, what exercising it brings."""
    if terms.years <= 0 or volatility <= 0:
        return _intrinsic(terms)
    high, low = _distances(terms, volatility)
    sign = 1 if terms.is_call else -1
    discounted = terms.strike * math.exp(-terms.rate * terms.years)
    return sign * (terms.spot * _NORMAL.cdf(sign * high) - discounted * _NORMAL.cdf(sign * low))


def option_greeks(terms: OptionTerms, volatility: float) -> Greeks:
    """Return value and greeks; an option at its end has only its delta left."""
    value = option_value(terms, volatility)
    if terms.years <= 0 or volatility <= 0:
        return Greeks(value=value, delta=_final_delta(terms), gamma=0.0, vega=0.0, theta=0.0)
    high, low = _distances(terms, volatility)
    sign = 1 if terms.is_call else -1
    root = math.sqrt(terms.years)
    density = _NORMAL.pdf(high)
    discounted = terms.strike * math.exp(-terms.rate * terms.years)
    decay = -terms.spot * density * volatility / (2 * root)
    interest = -sign * terms.rate * discounted * _NORMAL.cdf(sign * low)
    return Greeks(
        value=value,
        delta=sign * _NORMAL.cdf(sign * high),
        gamma=density / (terms.spot * volatility * root),
        vega=terms.spot * density * root / 100,
        theta=(decay + interest) / _DAYS_A_YEAR,
    )


def implied_volatility(terms: OptionTerms, price: float) -> float | None:
    """Return the volatility at which an option is worth ``price``, by bisection; None when there is none."""
    low, high = _LOWEST_VOLATILITY, _HIGHEST_VOLATILITY
    if terms.years <= 0 or not option_value(terms, low) <= price <= option_value(terms, high):
        return None
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if option_value(terms, middle) < price:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _distances(terms: OptionTerms, volatility: float) -> tuple[float, float]:
    """Return d1 and d2 of the formula."""
    spread = volatility * math.sqrt(terms.years)
    high = (math.log(terms.spot / terms.strike) + (terms.rate + volatility**2 / 2) * terms.years) / spread
    return high, high - spread


def _intrinsic(terms: OptionTerms) -> float:
    gain = terms.spot - terms.strike * math.exp(-terms.rate * max(0.0, terms.years))
    return max(0.0, gain if terms.is_call else -gain)


def _final_delta(terms: OptionTerms) -> float:
    if terms.is_call:
        return 1.0 if terms.spot > terms.strike else 0.0
    return -1.0 if terms.spot < terms.strike else 0.0
