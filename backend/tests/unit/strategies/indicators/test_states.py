"""An indicator continues bit by bit where its state was taken, and forgets everything when it is reset."""

import json
import math
import random
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from edgerunner.strategies.indicators import (
    Atr,
    BollingerBands,
    Crossover,
    Donchian,
    Ema,
    Indicator,
    Macd,
    RateOfChange,
    RollingBeta,
    RollingCorrelation,
    RollingMaximum,
    Rsi,
    Sma,
    SpreadScore,
    StandardDeviation,
    Stochastic,
    TrueRange,
    Vwap,
    WilderAverage,
    Wma,
    ZScore,
)

HOUR_NS = 3_600_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    high: float
    low: float
    close: float
    other: float
    volume: float
    time_ns: int


Feed = Callable[[Indicator, Observation], object]


def close_only(indicator: Indicator, seen: Observation) -> object:
    return indicator.update(seen.close)  # type: ignore[attr-defined]


def off_grid(indicator: Indicator, seen: Observation) -> object:
    return indicator.update(math.log(seen.close))  # type: ignore[attr-defined]


def bar(indicator: Indicator, seen: Observation) -> object:
    return indicator.update(seen.high, seen.low, seen.close)  # type: ignore[attr-defined]


def channel(indicator: Indicator, seen: Observation) -> object:
    return indicator.update(seen.high, seen.low)  # type: ignore[attr-defined]


def pair(indicator: Indicator, seen: Observation) -> object:
    return indicator.update(seen.close, seen.other)  # type: ignore[attr-defined]


def trade(indicator: Indicator, seen: Observation) -> object:
    return indicator.update(seen.close, seen.volume, time_ns=seen.time_ns)  # type: ignore[attr-defined]


CASES: dict[str, tuple[Callable[[], Indicator], Feed]] = {
    "Sma": (lambda: Sma(7), close_only),
    "Sma off grid": (lambda: Sma(7), off_grid),
    "Ema": (lambda: Ema(7), close_only),
    "WilderAverage": (lambda: WilderAverage(7), close_only),
    "Wma": (lambda: Wma(7), close_only),
    "Wma off grid": (lambda: Wma(7), off_grid),
    "Rsi": (lambda: Rsi(5), close_only),
    "RateOfChange": (lambda: RateOfChange(5), close_only),
    "Macd": (lambda: Macd(3, 6, 4), close_only),
    "Stochastic": (lambda: Stochastic(5, 3, 2), bar),
    "TrueRange": (TrueRange, bar),
    "Atr": (lambda: Atr(5), bar),
    "RollingMaximum": (lambda: RollingMaximum(5), close_only),
    "Donchian": (lambda: Donchian(5), channel),
    "StandardDeviation": (lambda: StandardDeviation(6), close_only),
    "BollingerBands": (lambda: BollingerBands(6), close_only),
    "ZScore": (lambda: ZScore(6), off_grid),
    "RollingCorrelation": (lambda: RollingCorrelation(6), pair),
    "RollingBeta": (lambda: RollingBeta(6), pair),
    "SpreadScore": (lambda: SpreadScore(6), pair),
    "Vwap": (Vwap, trade),
    "Crossover": (Crossover, pair),
}


def observations(length: int) -> list[Observation]:
    source = random.Random(42)
    found = []
    for place in range(length):
        close = source.randint(9_000, 11_000) / 100
        found.append(
            Observation(
                high=close + source.randint(0, 100) / 100,
                low=close - source.randint(0, 100) / 100,
                close=close,
                other=source.randint(90_000, 110_000) / 1000,
                volume=source.randint(0, 5_000) / 1000,
                time_ns=place * HOUR_NS,
            )
        )
    return found


@pytest.mark.parametrize(("make", "feed"), CASES.values(), ids=CASES.keys())
@pytest.mark.parametrize("cut", [0, 1, 4, 9, 40])
def test_a_restored_indicator_continues_bit_by_bit(make: Callable[[], Indicator], feed: Feed, cut: int) -> None:
    series = observations(80)
    whole = make()
    for seen in series[:cut]:
        feed(whole, seen)
    restored = make()
    for seen in series[50:]:
        feed(restored, seen)  # what it knew before must not matter
    restored.restore(json.loads(json.dumps(whole.state())))
    assert restored.value == whole.value
    for seen in series[cut:]:
        assert feed(restored, seen) == feed(whole, seen)
        assert attributes(restored) == attributes(whole)


def attributes(indicator: Indicator) -> dict[str, object]:
    names = (
        "value",
        "is_ready",
        "period",
        "upper",
        "lower",
        "deviation",
        "variance",
        "signal",
        "histogram",
        "side",
        "beta",
    )
    return {name: getattr(indicator, name) for name in names if hasattr(indicator, name)}


@pytest.mark.parametrize(("make", "feed"), CASES.values(), ids=CASES.keys())
def test_a_reset_indicator_is_as_new(make: Callable[[], Indicator], feed: Feed) -> None:
    series = observations(60)
    used, fresh = make(), make()
    for seen in series[30:]:
        feed(used, seen)
    used.reset()
    assert attributes(used) == attributes(fresh)
    assert not used.is_ready
    for seen in series[:30]:
        assert feed(used, seen) == feed(fresh, seen)


@pytest.mark.parametrize(("make", "feed"), CASES.values(), ids=CASES.keys())
def test_an_indicator_is_ready_exactly_while_it_has_a_value(make: Callable[[], Indicator], feed: Feed) -> None:
    indicator = make()
    for seen in observations(40):
        assert feed(indicator, seen) == indicator.value
        assert indicator.is_ready == (indicator.value is not None)
    assert indicator.is_ready


def test_a_state_of_another_period_or_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="period"):
        Sma(3).restore(Sma(4).state())
    with pytest.raises(ValueError, match="values"):
        Sma(3).restore({"period": 3})
    with pytest.raises(ValueError, match="numbers only"):
        Sma(3).restore({"period": 3, "values": ["1"]})
    with pytest.raises(ValueError, match="seed"):
        Ema(3).restore({"period": 3, "value": None})
    with pytest.raises(ValueError, match="value"):
        Ema(3).restore({"period": 3, "value": "2"})
    with pytest.raises(ValueError, match="count"):
        RollingMaximum(3).restore({"period": 3})
