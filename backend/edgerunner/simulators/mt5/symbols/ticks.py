"""Ticks of the past in columns: every change of a quote is one."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import Final

import numpy as np

from edgerunner.simulators.mt5.symbols.listing import ListedSymbol
from edgerunner.simulators.mt5.symbols.prices import Pair, Prices, TickRow, ticks_of
from edgerunner.simulators.mt5.symbols.rows import TickColumns
from edgerunner.simulators.path import STEP_NS

CHUNK_STEPS: Final = 6_000
"""Ten minutes: ticks are made and remembered in pieces of this length."""
TICKS_KEPT: Final = 1_500_000
"""Of all symbols together: more than one answer may hold, so that it is put together of what was made before."""
_MILLISECOND_NS: Final = 1_000_000


class TickCache:
    """Chunks of ticks, the latest used ones, up to a number of ticks."""

    def __init__(self, most: int = TICKS_KEPT) -> None:
        self._most = most
        self._chunks: OrderedDict[tuple[str, int], TickColumns] = OrderedDict()
        self._count = 0

    def chunk(self, key: tuple[str, int], make: Callable[[], TickColumns]) -> TickColumns:
        """Return a remembered chunk, made now if need be."""
        if key in self._chunks:
            self._chunks.move_to_end(key)
            return self._chunks[key]
        made = self._chunks[key] = make()
        self._count += len(made.time_ms)
        while self._count > self._most:
            _, oldest = self._chunks.popitem(last=False)
            self._count -= len(oldest.time_ms)
        return made

    def clear(self) -> None:
        """Forget everything."""
        self._chunks.clear()
        self._count = 0


class Ticks:
    """The ticks of one symbol."""

    def __init__(self, listed: ListedSymbol, prices: Prices, cache: TickCache) -> None:
        self._listed = listed
        self._prices = prices
        self._cache = cache
        self._scale = 10**listed.terms.digits

    def after(self, from_ns: int, to_ns: int) -> Iterator[TickColumns]:
        """Yield the ticks of a span of time (both ends included, nothing after now) in pieces, oldest first."""
        first_ms, last_ms = -(-from_ns // _MILLISECOND_NS), to_ns // _MILLISECOND_NS
        now = self._prices.now_step()
        first, last = from_ns // STEP_NS, min(to_ns // STEP_NS, now)
        for index in range(first // CHUNK_STEPS, last // CHUNK_STEPS + 1):
            start, end = index * CHUNK_STEPS, (index + 1) * CHUNK_STEPS
            if end <= now:
                chunk = self._cache.chunk((self._listed.name, index), partial(self._make, start, end))
            else:  # what is asked for again and again costs no more than what is new
                chunk = self._make(max(start, first), last + 1)
            yield _between(chunk, first_ms, last_ms)

    def _make(self, first: int, last: int) -> TickColumns:
        """Return the ticks of steps ``first`` to ``last`` (excluded)."""
        symbol, points = self._listed.name, self._listed.tick_points
        before: Pair = (0, 0)
        known = -1
        rows: list[TickRow] = []
        for step, quotes in self._prices.steps(symbol, first, last):
            if known != step - 1:
                before = self._prices.pair_before(symbol, step)
            rows.extend(ticks_of(step, quotes, before))
            before, known = quotes[-1], step
        table = np.array(rows, dtype=np.int64).reshape(len(rows), 4)
        return TickColumns(
            time_ms=table[:, 0] // _MILLISECOND_NS,
            bid=table[:, 1] * points / self._scale,
            ask=table[:, 2] * points / self._scale,
            flags=table[:, 3].copy(),
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
