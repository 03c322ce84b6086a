"""Bars from ticks, and longer bars from shorter ones. Bars start at multiples of their length (UTC)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import groupby

from edgerunner.domain.market import Bar, Timeframe

CLOSE_GRACE_NS = 2_000_000_000


def bar_open_ns(ts_ns: int, timeframe: Timeframe) -> int:
    """Return the start of the bar that a time belongs to."""
    return ts_ns - ts_ns % timeframe.length_ns


@dataclass(frozen=True, slots=True, kw_only=True)
class BarStep:
    """What one tick did: ``closed`` is the bar it ended, ``live`` the growing one."""

    closed: Bar | None
    live: Bar | None


class BarAggregator:
    """Makes bars of one instrument and length from its ticks.

    A live bar closes on the first event of a later bar, or 2 s after its end by the caller's
    clock (``close_due``). A tick older than that is counted in ``late_ticks`` and not applied.
    An interval without ticks has no bar.
    """

    def __init__(self, timeframe: Timeframe) -> None:
        self.timeframe = timeframe
        self.late_ticks = 0
        self.live: Bar | None = None
        self._next_open_ns = 0

    def add(self, *, price: Decimal, quantity: Decimal, ts_ns: int) -> BarStep:
        """Take in a trade, or a quote's mid price with quantity 0, by its broker stamp."""
        open_ns = bar_open_ns(ts_ns, self.timeframe)
        if open_ns < self._next_open_ns or (self.live is not None and open_ns < self.live.open_ns):
            self.late_ticks += 1
            return BarStep(closed=None, live=self.live)
        tick = Bar(open_ns=open_ns, open=price, high=price, low=price, close=price, volume=quantity, is_complete=False)
        closed = self._close() if self.live is not None and open_ns > self.live.open_ns else None
        self.live = tick if self.live is None else _joined(self.live, tick)
        return BarStep(closed=closed, live=self.live)

    def close_due(self, now_ns: int) -> Bar | None:
        """Close and return the live bar when it ended 2 s ago or more."""
        if self.live is None or now_ns < self.live.open_ns + self.timeframe.length_ns + CLOSE_GRACE_NS:
            return None
        return self._close()

    def _close(self) -> Bar | None:
        if self.live is None:
            return None
        closed = replace(self.live, is_complete=True)
        self.live = None
        self._next_open_ns = closed.open_ns + self.timeframe.length_ns
        return closed


def merge_bars(bars: Iterable[Bar], *, source: Timeframe, target: Timeframe) -> Sequence[Bar]:
    """Return ``target`` bars made of ``source`` bars, oldest first both.

    A bar is complete when a later one follows it, or when the last source bar that can belong to
    it is there and complete. Raises ``ValueError`` when ``target`` is no multiple of ``source``.
    """
    if target.length_ns % source.length_ns:
        raise ValueError(f"{target} bars cannot be made of {source} bars")
    merged: list[Bar] = []
    for open_ns, group in groupby(bars, key=lambda bar: bar_open_ns(bar.open_ns, target)):
        if merged:
            merged[-1] = replace(merged[-1], is_complete=True)
        merged.append(_merged(list(group), open_ns, end_ns=open_ns + target.length_ns - source.length_ns))
    return merged


def _merged(parts: Sequence[Bar], open_ns: int, *, end_ns: int) -> Bar:
    bar = replace(parts[0], open_ns=open_ns, is_complete=parts[-1].is_complete and parts[-1].open_ns == end_ns)
    for part in parts[1:]:
        bar = _joined(bar, part)
    return bar


def _joined(bar: Bar, later: Bar) -> Bar:
    return replace(
        bar,
        high=max(bar.high, later.high),
        low=min(bar.low, later.low),
        close=later.close,
        volume=bar.volume + later.volume,
    )
