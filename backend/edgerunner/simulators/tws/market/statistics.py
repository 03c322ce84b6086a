"""Figures of many days: extremes of the last weeks, usual volume, historical volatility. Old days are slow to compute.

They come from the sessions that history tells: extremes and volumes from the regular hours of past days.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Final

from edgerunner.simulators.tws.answer import PAUSE
from edgerunner.simulators.tws.contracts.schedule import is_trading_day
from edgerunner.simulators.tws.history.prices import PriceBar
from edgerunner.simulators.tws.market.board import Board, View
from edgerunner.simulators.tws.market.days import bounds

_WEEKS: Final = (13, 26, 52)
_USUAL_DAYS: Final = 90
_VOLATILITY_DAYS: Final = 30
_DAYS_A_YEAR: Final = 252
_DAYS_A_TURN: Final = 10
_PLACES: Final = Decimal("0.0001")


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """Figures of the days before ``day``.

    Attributes:
        extremes: (low, high) of 13, 26 and 52 weeks.
        usual_volume: Mean volume of a day.
        volatility: Of a year, from the closes of the last 30 days.
    """

    day: date
    extremes: tuple[tuple[Decimal, Decimal], ...]
    usual_volume: Decimal
    volatility: Decimal


class StatisticsOfDays:
    """Computes the figures of a listing once a day."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._known: dict[str, Statistics] = {}

    def known(self, view: View) -> Statistics | None:
        """Return the figures of a look's day when they have been computed."""
        found = self._known.get(view.symbol)
        return found if found is not None and found.day == view.day.date else None

    def compute(self, view: View) -> Iterator[object]:
        """Compute the figures, yielding pauses."""
        if self.known(view) is not None:
            return
        bars: list[tuple[date, PriceBar]] = []
        for number, day in enumerate(_days_before(view)):
            start_ns, end_ns = bounds(view.listing.schedule.liquid, view.listing.schedule.zone, day)
            bar = self._board.bar(view.listing, start_ns, end_ns)
            if bar is not None:
                bars.append((day, bar))
            if number % _DAYS_A_TURN == 0:
                yield PAUSE
        self._known[view.symbol] = _statistics(view.day.date, bars)


def _days_before(view: View) -> Iterator[date]:
    day = view.day.date - timedelta(days=1)
    first = view.day.date - timedelta(weeks=_WEEKS[-1])
    while day >= first:
        if is_trading_day(day):
            yield day
        day -= timedelta(days=1)


def _statistics(today: date, bars: list[tuple[date, PriceBar]]) -> Statistics:
    extremes = []
    for weeks in _WEEKS:
        inside = [bar for day, bar in bars if day >= today - timedelta(weeks=weeks)]
        extremes.append((min(bar.low for bar in inside), max(bar.high for bar in inside)))
    volumes = [bar.volume for _, bar in bars[:_USUAL_DAYS]]
    return Statistics(
        day=today,
        extremes=tuple(extremes),
        usual_volume=(sum(volumes, Decimal(0)) / len(volumes)).quantize(Decimal(1)),
        volatility=_volatility([float(bar.close) for _, bar in bars[: _VOLATILITY_DAYS + 1]]),
    )


def _volatility(closes: list[float]) -> Decimal:
    moves = [math.log(later / earlier) for later, earlier in pairwise(closes)]
    mean = sum(moves) / len(moves)
    variance = sum((move - mean) ** 2 for move in moves) / (len(moves) - 1)
    return Decimal(math.sqrt(variance * _DAYS_A_YEAR)).quantize(_PLACES)
