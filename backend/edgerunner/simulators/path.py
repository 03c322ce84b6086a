"""The price path of one underlying: a pure function of (seed, name, time).

Days end on a slow, bounded random walk (octaves of value noise). Every day has an open, high, low and close, and is
divided into hours, these into minutes and so on down to steps of 100 ms; each division bridges its parent's open and
close at random and touches the parent's high and low exactly. So any bar of any time, past or future, costs a few
divisions, and what is seen live at 10 steps a second adds up to just that bar. Names that share a factor share most of
the draws, which correlates them at every scale.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache, reduce
from itertools import pairwise
from operator import add

from edgerunner.simulators.noise import exponential, mix, normal, seed_key, uniform

STEP_NS = 100_000_000
STEPS_PER_DAY = 864_000
EPOCH_DAY = 20_758
"""2026-11-01 as days since 1970: there each path stands at its base price."""

_LENGTHS = (864_000, 144_000, 36_000, 9_000, 3_000, 600, 100, 10)
"""Steps of a cell: 1 day, 4 h, 1 h, 15 min, 5 min, 1 min, 10 s, 1 s."""
_DIVISIONS = tuple(longer // shorter for longer, shorter in pairwise(_LENGTHS))
_SECONDS = len(_LENGTHS) - 1
_OCTAVES = 9
_RANGE_OF_WALK = 1.6
"""Mean high minus low of a Brownian motion after time 1 (sqrt(8 / pi))."""
DAY_SHARES = 1 << 52
"""The volume of a day is divided in this many parts, so that the volumes of cells add up exactly."""

Cell = tuple[float, float, float, float, int, int]
"""open, high, low, close as logarithms of price / base price; shares of the day traded before and after the cell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PathProfile:
    """What moves an underlying.

    Attributes:
        base_price: Price at the epoch.
        daily_volatility: Standard deviation of a day's logarithmic return.
        factor: Name of the factor it shares with others.
        factor_weight: Correlation with that factor, 0 to 1.
    """

    name: str
    base_price: float
    daily_volatility: float
    factor: str
    factor_weight: float


class PricePath:
    """The path of one underlying. Steps count 100 ms since 1970."""

    def __init__(self, seed: int, profile: PathProfile) -> None:
        self.profile = profile
        self._own = seed_key(seed, "path", profile.name)
        self._common = seed_key(seed, "factor", profile.factor)
        self._weights = (profile.factor_weight, math.sqrt(1 - profile.factor_weight**2))
        self._children = lru_cache(maxsize=8192)(self._divide)
        self._days = lru_cache(maxsize=8192)(self._day)
        self._anchors = lru_cache(maxsize=8192)(self._anchor)
        self._points = lru_cache(maxsize=1024)(self._second_points)

    def price(self, step: int) -> float:
        """Return the price at a step."""
        second, index = divmod(step, 10)
        return self.to_price(self._points(second)[index])

    def second(self, second: int) -> tuple[float, ...]:
        """Return the prices of the ten steps of a second since 1970."""
        return tuple(map(self.to_price, self._points(second)))

    def to_price(self, level: float) -> float:
        """Return the price of a logarithmic level."""
        return self.profile.base_price * math.exp(level)

    def summary(self, first: int, last: int) -> tuple[float, float, float, float]:
        """Return open, high, low, close prices over steps ``first`` to ``last`` (excluded)."""
        start, high, low, end = 0.0, -math.inf, math.inf, 0.0
        step = first
        while step < last:
            level = _largest_cell(step, last)
            if level is None:
                points = self._points(step // 10)[step % 10 : step % 10 + last - step]
                cell = (points[0], max(points), min(points), points[-1])
                length = len(points)
            else:
                length = _LENGTHS[level]
                cell = self._cell(level, step // length)[:4]
            start = cell[0] if step == first else start
            high, low, end = max(high, cell[1]), min(low, cell[2]), cell[3]
            step += length
        return self.to_price(start), self.to_price(high), self.to_price(low), self.to_price(end)

    def shares(self, step: int) -> int:
        """Return the shares of its day (of ``DAY_SHARES``) that traded before ``step``."""
        level = _longest_cell_from(step)
        if level is not None:
            return self._cell(level, step // _LENGTHS[level])[4]
        second, index = divmod(step, 10)
        before, after = self._cell(_SECONDS, second)[4:]
        return before + (after - before) * index // 10

    def _cell(self, level: int, index: int) -> Cell:
        if level == 0:
            return self._days(index)
        parent, child = divmod(index, _DIVISIONS[level - 1])
        return self._children(level - 1, parent)[child]

    def _day(self, day: int) -> Cell:
        start, end = self._anchors(day), self._anchors(day + 1)
        own = mix(self._own ^ mix(day))
        busy = math.exp(0.35 * normal(mix(self._common ^ mix(~day)) >> 20))
        sigma = self.profile.daily_volatility * busy
        high, low = _extremes(start, end, sigma, own)
        return start, high, low, end, 0, DAY_SHARES

    def _anchor(self, day: int) -> float:
        """Sum octaves of 1 to 256 days; each is 0 at the epoch and bounded, so that the path never runs away."""
        total = 0.0
        for octave in range(_OCTAVES):
            index, rest = divmod(day - EPOCH_DAY, 1 << octave)
            part = rest / (1 << octave)
            level = self._lattice(octave, index) * (1 - part) + self._lattice(octave, index + 1) * part
            total += level * math.sqrt(1 << octave)
        return total * self.profile.daily_volatility

    def _lattice(self, octave: int, index: int) -> float:
        if index == 0:
            return 0.0
        place = mix((index << 8) | octave)
        common, own = (2 * uniform(mix(key ^ place) >> 8) - 1 for key in (self._common, self._own))
        return self._weights[0] * common + self._weights[1] * own

    def _divide(self, level: int, index: int) -> tuple[Cell, ...]:
        """Split a cell into its children: a random bridge, then excursions scaled to the cell's own extremes."""
        parent = self._cell(level, index)
        start, high, low, end, shares_before, shares_after = parent
        count = _DIVISIONS[level]
        sigma = self._local_sigma(level + 1, high - low, count)
        draws = self._draws(level, index, count)
        ends = _bridge(start, end, [z * sigma for z, _ in draws])
        raw = []
        opened = start
        for closed, (_, bits) in zip(ends, draws, strict=True):
            raw.append((opened, *_extremes(opened, closed, sigma, bits), closed))
            opened = closed
        rescale = _Rescale(parent, max(row[1] for row in raw), min(row[2] for row in raw))
        cells = [tuple(map(rescale, row)) for row in raw]
        cuts = _split_shares(shares_before, shares_after, [cell[1] - cell[2] for cell in cells], draws)
        return tuple((*cell, *cut) for cell, cut in zip(cells, cuts, strict=True))  # type: ignore[misc]

    def _second_points(self, second: int) -> tuple[float, ...]:
        """Return the levels of the ten steps of a second: they begin, end, rise and fall as its cell does."""
        start, high, low, end = self._cell(_SECONDS, second)[:4]
        sigma = self._local_sigma(_SECONDS + 1, high - low, 9)
        moves = [z * sigma for z, _ in self._draws(_SECONDS, second, 9)]
        points = [start, *(min(high, max(low, point)) for point in _bridge(start, end, moves)[:-1]), end]
        inner = range(1, 9)
        top = max(inner, key=points.__getitem__)
        bottom = min((index for index in inner if index != top), key=points.__getitem__)
        points[top], points[bottom] = high, low
        return tuple(points)

    def _local_sigma(self, level: int, parent_range: float, count: int) -> float:
        """Mix the long-run volatility with the parent's own, which makes calm and wild stretches."""
        length = _LENGTHS[level] if level < len(_LENGTHS) else 1
        usual = self.profile.daily_volatility * math.sqrt(length / STEPS_PER_DAY)
        return 0.5 * usual + 0.5 * parent_range / (_RANGE_OF_WALK * math.sqrt(count))

    def _draws(self, level: int, index: int, count: int) -> list[tuple[float, int]]:
        """Return per child a normal draw, correlated by the factor, and 64 bits of its own."""
        place = mix((index << 8) | (level + 16))
        common_weight, own_weight = self._weights
        draws = []
        for child in range(count):
            shared = mix((self._common ^ place) + child)
            own = mix((self._own ^ place) + child)
            draws.append((common_weight * normal(shared >> 40) + own_weight * normal(own >> 40), own))
        return draws


class _Rescale:
    """Monotone map that keeps what lies between open and close and stretches the rest to the wanted extremes."""

    __slots__ = ("_bottom", "_down", "_high", "_low", "_raw_high", "_raw_low", "_top", "_up")

    def __init__(self, parent: Cell, raw_high: float, raw_low: float) -> None:
        start, self._high, self._low, end = parent[:4]
        self._top, self._bottom = max(start, end), min(start, end)
        self._raw_high, self._raw_low = raw_high, raw_low
        self._up = (self._high - self._top) / (raw_high - self._top)
        self._down = (self._low - self._bottom) / (raw_low - self._bottom)

    def __call__(self, level: float) -> float:
        if level >= self._raw_high:
            return self._high
        if level <= self._raw_low:
            return self._low
        if level > self._top:
            return min(self._high, self._top + (level - self._top) * self._up)
        if level < self._bottom:
            return max(self._low, self._bottom + (level - self._bottom) * self._down)
        return level


def _largest_cell(step: int, last: int) -> int | None:
    for level, length in enumerate(_LENGTHS):
        if step % length == 0 and step + length <= last:
            return level
    return None


def _longest_cell_from(step: int) -> int | None:
    """Return the coarsest level with a cell that begins at a step: its first parts begin with the same shares."""
    return next((level for level, length in enumerate(_LENGTHS) if step % length == 0), None)


def _total(numbers: Iterable[float]) -> float:
    """Add from left to right: ``sum`` rounds otherwise from Python 3.12 on, and prices must not follow the version."""
    return reduce(add, numbers, 0.0)


def _bridge(start: float, end: float, moves: list[float]) -> list[float]:
    """Return the ends of the moves after bending them so that the last one is exactly ``end``."""
    drift = (end - start - _total(moves)) / len(moves)
    level = start
    ends = []
    for move in moves:
        level += move + drift
        ends.append(level)
    ends[-1] = end
    return ends


def _extremes(start: float, end: float, sigma: float, bits: int) -> tuple[float, float]:
    """Draw high and low of a Brownian bridge (its maximum has a known law: the square root form below)."""
    middle, square, spread = (start + end) / 2, (end - start) ** 2, 2 * sigma * sigma
    high = middle + math.sqrt(square + spread * exponential(bits)) / 2
    low = middle - math.sqrt(square + spread * exponential(bits >> 12)) / 2
    return high, low


def _split_shares(
    before: int, after: int, ranges: list[float], draws: list[tuple[float, int]]
) -> list[tuple[int, int]]:
    mean = _total(ranges) / len(ranges)
    weights = [0.3 + spread / mean + uniform(bits >> 28) for spread, (_, bits) in zip(ranges, draws, strict=True)]
    scale = (after - before) / _total(weights)
    cuts = []
    at, summed = before, 0.0
    for weight in weights:
        summed += weight
        then = before + int(summed * scale)
        cuts.append((at, then))
        at = then
    cuts[-1] = (cuts[-1][0], after)
    return cuts
