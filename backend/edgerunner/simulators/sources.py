"""Where an instrument's prices come from, in ticks: generated, pinned or (see replay.py) replayed."""

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from edgerunner.simulators.noise import mix, normal, seed_key
from edgerunner.simulators.path import DAY_SHARES, STEPS_PER_DAY, PathProfile, PricePath

Ohlc = tuple[int, int, int, int]


class Pricing(Protocol):
    """Makes the price of a derivative out of its underlying's.

    Within each cell of ``cell_steps`` steps the price must follow the underlying's monotonically, up or (not
    ``is_rising``) down.
    """

    @property
    def cell_steps(self) -> int:
        """Steps in which time stands still."""

    @property
    def is_rising(self) -> bool:
        """Tell whether the derivative gains as its underlying does."""

    def price(self, underlying: float, step: int) -> float:
        """Return the price in a step."""

    def has_ended(self, step: int) -> bool:
        """Tell whether nobody trades it any more, so that it may be worth nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketProfile:
    """How one instrument trades around its underlying's path.

    Attributes:
        symbol: The venue's key, ``product:name``.
        basis: Factor on the underlying's price (1 = the same).
        tick_size: Price of one tick; only rounds the generated path, so a float is exact enough.
        spread_ticks: Ask minus bid.
        level_spacing: Ticks between the levels of the generated book behind the best ones.
        level_lots: Mean lots of one level.
        daily_lots: Usual volume of a day.
        is_inverse: Whether lots are quote currency, so that the turnover is in coins.
        pricing: How a derivative's price follows from the underlying's (after ``basis``); None = it is the same.
        is_dealt: A dealer quotes it: the price is his bid, his ask stands above it by a spread that breathes.
    """

    symbol: str
    underlying: PathProfile
    basis: float
    tick_size: float
    lot_step: float
    spread_ticks: int
    level_spacing: int
    level_lots: int
    daily_lots: int
    is_inverse: bool = False
    pricing: Pricing | None = None
    is_dealt: bool = False


class PriceSource(Protocol):
    """Prices by market step (100 ms since 1970)."""

    def points(self, step: int) -> Sequence[int]:
        """Return the prices visited in a step; the last one stands at its end."""

    def summary(self, first: int, last: int) -> Ohlc:
        """Return open, high, low, close of the points of steps ``first`` to ``last`` (excluded)."""

    def volume(self, first: int, last: int) -> int:
        """Return the lots traded in these steps."""

    def quote(self, step: int) -> tuple[int, int] | None:
        """Return bid and ask where the source itself knows them."""


class GeneratedSource:
    """The pure price path of the underlying, rounded to ticks."""

    def __init__(self, seed: int, path: PricePath, profile: MarketProfile) -> None:
        self._path = path
        self._profile = profile
        self._scale = profile.basis / profile.tick_size
        self._volume_key = seed_key(seed, "volume", profile.symbol)
        self._second = -1
        self._ticks: tuple[int, ...] = ()

    def points(self, step: int) -> tuple[int]:
        """Return the one price of a step."""
        second, index = divmod(step, 10)
        if second != self._second:
            self._ticks = tuple(map(self._to_ticks, self._path.second(second)))
            self._second = second
        return (self._ticks[index],)

    def summary(self, first: int, last: int) -> Ohlc:
        """Return open, high, low, close: rounding is monotone, so the path's extremes are the ticks' extremes."""
        start, high, low, end = map(self._to_ticks, self._path.summary(first, last))
        return start, high, low, end

    def volume(self, first: int, last: int) -> int:
        """Return the lots of these steps; parts add up exactly to the whole."""
        total = 0
        while first < last:
            day = first // STEPS_PER_DAY
            end = min(last, (day + 1) * STEPS_PER_DAY)
            total += self._traded(day, end) - self._traded(day, first)
            first = end
        return total

    def quote(self, step: int) -> None:  # noqa: ARG002 - part of the protocol
        """Return None: the spread is the profile's."""
        return

    def _traded(self, day: int, step: int) -> int:
        lots = round(self._profile.daily_lots * math.exp(0.4 * normal(mix(self._volume_key ^ day))))
        if step == (day + 1) * STEPS_PER_DAY:
            return lots
        return self._path.shares(step) * lots // DAY_SHARES

    def _to_ticks(self, price: float) -> int:
        return max(1, round(price * self._scale))


class DerivedSource(GeneratedSource):
    """Prices that a ``Pricing`` makes of the underlying's path."""

    def __init__(self, seed: int, path: PricePath, profile: MarketProfile, pricing: Pricing) -> None:
        super().__init__(seed, path, profile)
        self._pricing = pricing

    def points(self, step: int) -> tuple[int]:
        """Return the one price of a step."""
        return (self._derived(self._path.price(step), step),)

    def summary(self, first: int, last: int) -> Ohlc:
        """Return open, high, low, close: within a cell the path's extremes are the price's extremes."""
        cell = self._pricing.cell_steps
        starts = [first, *range((first // cell + 1) * cell, last, cell)]
        rows = [self._cell_summary(start, end) for start, end in zip(starts, [*starts[1:], last], strict=True)]
        return rows[0][0], max(row[1] for row in rows), min(row[2] for row in rows), rows[-1][3]

    def _cell_summary(self, first: int, last: int) -> Ohlc:
        start, high, low, end = (self._derived(price, first) for price in self._path.summary(first, last))
        return (start, high, low, end) if self._pricing.is_rising else (start, low, high, end)

    def _derived(self, underlying: float, step: int) -> int:
        ticks = round(self._pricing.price(underlying * self._profile.basis, step) / self._profile.tick_size)
        return ticks if self._pricing.has_ended(step) else max(1, ticks)


@dataclass(frozen=True, slots=True, kw_only=True)
class PinnedSource:
    """A price that stands still: set by hand, or frozen by a halt (then nothing trades)."""

    ticks: int
    lots_per_step: int

    def points(self, step: int) -> tuple[int]:  # noqa: ARG002 - part of the protocol
        """Return the pinned price."""
        return (self.ticks,)

    def summary(self, first: int, last: int) -> Ohlc:  # noqa: ARG002 - part of the protocol
        """Return the pinned price four times."""
        return (self.ticks,) * 4

    def volume(self, first: int, last: int) -> int:
        """Return a steady volume."""
        return self.lots_per_step * (last - first)

    def quote(self, step: int) -> None:  # noqa: ARG002 - part of the protocol
        """Return None: the spread is the profile's."""
        return


class Timeline:
    """The sources of one instrument one after the other; each holds from its step to the next one's."""

    def __init__(self, first: PriceSource) -> None:
        self._starts: list[int] = []
        self._sources: list[PriceSource] = [first]

    def change(self, step: int, source: PriceSource) -> None:
        """Let ``source`` hold from ``step`` on; a change at an earlier step than the last one wins from then."""
        keep = bisect_right(self._starts, step - 1)
        del self._starts[keep:], self._sources[keep + 1 :]
        self._starts.append(step)
        self._sources.append(source)

    def at(self, step: int) -> PriceSource:
        """Return the source that holds at ``step``."""
        return self._sources[bisect_right(self._starts, step)]

    def frozen_step(self, step: int) -> int:
        """Return where the source that holds at ``step`` began if nothing trades in it, else ``step``."""
        place = bisect_right(self._starts, step)
        return self._starts[place - 1] if place and _is_frozen(self._sources[place]) else step

    @property
    def has_frozen(self) -> bool:
        """Tell whether nothing trades in any of the sources."""
        return any(map(_is_frozen, self._sources))

    def summary(self, first: int, last: int) -> Ohlc:
        """Return open, high, low, close over steps ``first`` to ``last`` (excluded), whatever the sources."""
        rows = [source.summary(start, end) for source, start, end in self.pieces(first, last)]
        return rows[0][0], max(row[1] for row in rows), min(row[2] for row in rows), rows[-1][3]

    def volume(self, first: int, last: int) -> int:
        """Return the lots traded over these steps."""
        return sum(source.volume(start, end) for source, start, end in self.pieces(first, last))

    def pieces(self, first: int, last: int) -> list[tuple[PriceSource, int, int]]:
        """Return (source, first step, end) of the sources of steps ``first`` to ``last`` (excluded)."""
        place = bisect_right(self._starts, first)
        pieces = []
        while first < last:
            end = self._starts[place] if place < len(self._starts) else last
            end = min(end, last)
            pieces.append((self._sources[place], first, end))
            first, place = end, place + 1
        return pieces


def _is_frozen(source: PriceSource) -> bool:
    return isinstance(source, PinnedSource) and not source.lots_per_step
