"""Figures of a series of day returns (fractions); None where one is undefined, never infinite or NaN."""

import math

import numpy as np

from edgerunner.backtest.metrics.curve import EquityCurve, Floats

_YEAR_MS = 365.25 * 86_400_000
_ROUNDING = 1e-12
"""A spread below this share of the largest return is rounding, not risk."""


def defined(value: float) -> float | None:
    """Return the number, or None when it is infinite or not a number."""
    return float(value) if math.isfinite(value) else None


def cagr(curve: EquityCurve) -> float | None:
    """Return the compound annual growth as a fraction: (final / start) ** (1 / years of 365.25 days) - 1."""
    growth = curve.final_equity / curve.start_capital
    if curve.duration_ms == 0 or growth < 0:
        return None
    try:
        return defined(growth ** (_YEAR_MS / curve.duration_ms) - 1.0)
    except OverflowError:
        return None


def standard_deviation(returns: Floats) -> float | None:
    """Return the sample deviation (ddof 1); None below two returns, exactly 0 where all are equal."""
    if len(returns) < 2:
        return None
    spread = float(np.std(returns, ddof=1))
    return spread if spread > _ROUNDING * float(np.max(np.abs(returns))) else 0.0


def annual_volatility(returns: Floats, periods_per_year: int) -> float | None:
    """Return the sample deviation times the root of the periods per year."""
    spread = standard_deviation(returns)
    return None if spread is None else spread * math.sqrt(periods_per_year)


def sharpe(returns: Floats, periods_per_year: int) -> float | None:
    """Return mean / sample deviation, times the root of the periods per year; risk-free rate 0.

    Source: W. F. Sharpe, "The Sharpe Ratio", Journal of Portfolio Management, 1994.
    """
    spread = standard_deviation(returns)
    return float(np.mean(returns)) / spread * math.sqrt(periods_per_year) if spread else None


def sortino(returns: Floats, periods_per_year: int) -> float | None:
    """Return mean / downside deviation, times the root of the periods per year.

    Downside deviation: the root of the mean square of negative returns over all returns, target 0.
    Source: Sortino and Price, "Performance Measurement in a Downside Risk Framework", 1994.
    """
    if len(returns) < 2:
        return None
    downside = math.sqrt(float(np.mean(np.square(np.minimum(returns, 0.0)))))
    return defined(float(np.mean(returns)) / downside * math.sqrt(periods_per_year)) if downside > 0 else None


def omega(returns: Floats) -> float | None:
    """Return the sum of positive returns over the sum of negative ones, threshold 0.

    Source: Keating and Shadwick, "A Universal Performance Measure", 2002.
    """
    lost = -float(returns[returns < 0].sum())
    return defined(float(returns[returns > 0].sum()) / lost) if lost > 0 else None


def skew(returns: Floats) -> float | None:
    """Return the sample skewness with the usual bias correction (as Excel's SKEW); needs 3 returns."""
    count = len(returns)
    if count < 3 or not standard_deviation(returns):
        return None
    centred = returns - returns.mean()
    second, third = float(np.mean(centred**2)), float(np.mean(centred**3))
    return defined(math.sqrt(count * (count - 1)) / (count - 2) * third / second**1.5)


def kurtosis(returns: Floats) -> float | None:
    """Return the sample excess kurtosis, bias corrected (as Excel's KURT); needs 4 returns; 0 is normal."""
    count = len(returns)
    if count < 4 or not standard_deviation(returns):
        return None
    centred = returns - returns.mean()
    second, fourth = float(np.mean(centred**2)), float(np.mean(centred**4))
    excess = fourth / second**2 - 3.0
    return defined((count - 1) / ((count - 2) * (count - 3)) * ((count + 1) * excess + 6.0))


def tail_ratio(returns: Floats) -> float | None:
    """Return the 95th percentile over the 5th, both without sign."""
    if len(returns) < 2:
        return None
    low, high = np.abs(np.percentile(returns, (5, 95)))
    return defined(high / low) if low > 0 else None


def value_at_risk(returns: Floats) -> float | None:
    """Return the loss that 95 % of days stay within: minus the 5th percentile (historical, linear)."""
    return -float(np.percentile(returns, 5)) if len(returns) >= 2 else None


def conditional_value_at_risk(returns: Floats) -> float | None:
    """Return the mean loss of the worst 5 % of days: the floor(0.05 * (n - 1)) + 1 lowest returns."""
    if len(returns) < 2:
        return None
    worst = int(0.05 * (len(returns) - 1)) + 1
    return -float(np.mean(np.partition(returns, worst - 1)[:worst]))
