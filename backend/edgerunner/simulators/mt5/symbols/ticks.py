"""Ticks of the past in columns: every change of a quote is one."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import lru_cache
from typing import Final

import numpy as np

from edgerunner.simulators.mt5.symbols.listing import ListedSymbol
from edgerunner.simulators.mt5.symbols.prices import TICK_GAP_NS, Prices, repeated_flags, tick_flags
from edgerunner.simulators.mt5.symbols.rows import TickColumns
from edgerunner.simulators.path import STEP_NS

CHUNK_STEPS: Final = 6_000
"""Ten minutes: ticks are made and remembered in pieces of this length."""
CHUNKS_KEPT: Final = 150
_MILLISECOND_NS: Final = 1_000_000


class Ticks:
    """The ticks of one symbol."""

    def __init__(self, listed: ListedSymbol, prices: Prices) -> None:
        self._listed = listed
        self._prices = prices
        self._scale = 10**listed.terms.digits
        self._chunk = lru_cache(maxsize=CHUNKS_KEPT)(self._make_chunk)

    def forget(self) -> None:
        """Forget what was remembered: prices have changed."""
        self._chunk.cache_clear()

    def after(self, from_ns: int, to_ns: int) -> Iterator[TickColumns]:
        """Yield the ticks of a span of time (both ends included, nothing after now) in pieces, oldest first."""
        first, last = -(-from_ns // _MILLISECOND_NS), to_ns // _MILLISECOND_NS
        now = self._prices.now_step()
        end = min(to_ns // STEP_NS, now) // CHUNK_STEPS
        for index in range(from_ns // STEP_NS // CHUNK_STEPS, end + 1):
            is_complete = (index + 1) * CHUNK_STEPS <= now
            chunk = self._chunk(index, 0) if is_complete else self._make_chunk(index, now)
            yield _between(chunk, first, last)

    def _make_chunk(self, index: int, now: int) -> TickColumns:
        start = index * CHUNK_STEPS
        end = start + CHUNK_STEPS if not now else min(start + CHUNK_STEPS, now + 1)
        symbol, points = self._listed.name, self._listed.tick_points
        before: tuple[int, int] | None = None
        known = -1
        rows: list[tuple[int, int, int, int]] = []
        for step, quotes in self._prices.steps(symbol, start, end):
            if before is None or known != step - 1:
                before = self._prices.ticks_before(symbol, step)
            for place, quote in enumerate(quotes):
                flags = tick_flags(before, quote) or (0 if place else repeated_flags(step))
                if flags:
                    rows.append((step * STEP_NS + place * TICK_GAP_NS, *quote, flags))
                    before = quote
            known = step
        table = np.array(rows, dtype=np.int64).reshape(len(rows), 4)
        return TickColumns(
            time_ms=table[:, 0] // _MILLISECOND_NS,
            bid=table[:, 1] * points / self._scale,
            ask=table[:, 2] * points / self._scale,
            flags=table[:, 3],
        )


def joined(pieces: Iterable[TickColumns]) -> TickColumns:
    """Return pieces as one."""
    parts = list(pieces) or [_NONE]
    return TickColumns(
        time_ms=np.concatenate([part.time_ms for part in parts]),
        bid=np.concatenate([part.bid for part in parts]),
        ask=np.concatenate([part.ask for part in parts]),
        flags=np.concatenate([part.flags for part in parts]),
    )


def cut(columns: TickColumns, count: int | None) -> TickColumns:
    """Return the first ``count`` ticks; None = all."""
    return TickColumns(
        time_ms=columns.time_ms[:count],
        bid=columns.bid[:count],
        ask=columns.ask[:count],
        flags=columns.flags[:count],
    )


def shifted(columns: TickColumns, error_ns: int) -> TickColumns:
    """Return ticks as a server stamps them whose clock is wrong."""
    return replace(columns, time_ms=columns.time_ms + error_ns // _MILLISECOND_NS) if error_ns else columns


def _between(columns: TickColumns, first_ms: int, last_ms: int) -> TickColumns:
    start, end = np.searchsorted(columns.time_ms, [first_ms, last_ms + 1])
    return TickColumns(
        time_ms=columns.time_ms[start:end],
        bid=columns.bid[start:end],
        ask=columns.ask[start:end],
        flags=columns.flags[start:end],
    )


_NONE: Final = TickColumns(time_ms=np.zeros(0, np.int64), bid=np.zeros(0), ask=np.zeros(0), flags=np.zeros(0, np.int64))
