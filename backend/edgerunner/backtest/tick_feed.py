"""Ticks and books as the objects that a strategy sees, and the bars made of them."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import repeat
from math import nan

import numpy as np

from edgerunner.backtest.columns import Floats, Integers, TickColumns
from edgerunner.backtest.feed import MILLISECOND_NS
from edgerunner.backtest.market import middle
from edgerunner.strategies.market_data import Bar, Book, Tick

Quotes = TickColumns | Sequence[Book]
"""Market data of one instrument: ticks as columns, or books one by one, oldest first."""


class QuoteFeed:
    """The events of all instruments on one time line; equal times in the order of the instruments.

    Attributes:
        times: Time of each event, UTC epoch milliseconds.
    """

    def __init__(self, data: Mapping[str, Quotes]) -> None:
        self._data = data
        own_times = [times_of(values) for values in data.values()]
        self.times: Integers = own_times[0]
        self._which = np.zeros(len(self.times), dtype=np.int16)
        if len(own_times) > 1:
            merged = np.concatenate(own_times)
            order = np.argsort(merged, kind="stable")
            self.times = merged[order]
            counts = [len(times) for times in own_times]
            self._which = np.repeat(np.arange(len(own_times), dtype=np.int16), counts)[order]

    def events(self, span: slice) -> Iterator[tuple[int, Tick | Book]]:
        """Return (number of the instrument, event) for a span of the time line."""
        which = self._which[span]
        if len(self._data) == 1:
            (key,) = self._data
            return zip(repeat(0), _events(key, self._data[key], span), strict=False)
        sources = []
        for number, (key, values) in enumerate(self._data.items()):
            first = int(np.count_nonzero(self._which[: span.start] == number))
            count = int(np.count_nonzero(which == number))
            sources.append(_events(key, values, slice(first, first + count)))
        return ((number, next(sources[number])) for number in which.tolist())

    def marks(self, number: int, values: Quotes) -> Floats:
        """Return the newest middle price of an instrument at each point of the time line; 0 before its first."""
        prices = middles_of(values)
        if len(self._data) == 1:
            return prices
        newest = np.cumsum(self._which == number) - 1
        return np.where(newest >= 0, prices[np.maximum(newest, 0)], 0.0)


class TickBars:
    """Makes bars of one instrument out of its events: middle prices with trade sizes as volume.

    A bar ends with the first event that is not before its end; an interval without events has no bar.
    """

    __slots__ = ("_close", "_end_ns", "_high", "_key", "_length_ns", "_low", "_open", "_timeframe", "_volume")

    def __init__(self, key: str, timeframe: str, length_ns: int) -> None:
        self._key = key
        self._timeframe = timeframe
        self._length_ns = length_ns
        self._end_ns = 0
        self._open = self._high = self._low = self._close = self._volume = 0.0

    def ended(self, time_ns: int) -> Bar | None:
        """Return the growing bar when it has ended by that time."""
        if self._end_ns == 0 or time_ns < self._end_ns:
            return None
        start_ns, self._end_ns = self._end_ns - self._length_ns, 0
        return Bar(self._key, self._timeframe, start_ns, self._open, self._high, self._low, self._close, self._volume)

    def add(self, event: Tick | Book) -> None:
        """Take in an event; ``ended`` was asked before."""
        price = middle(event)
        if price != price:  # noqa: PLR0124 - NaN: the event carries no price
            return
        if self._end_ns == 0:
            self._end_ns = event.time_ns - event.time_ns % self._length_ns + self._length_ns
            self._open = self._high = self._low = price
            self._volume = 0.0
        self._high = max(self._high, price)
        self._low = min(self._low, price)
        self._close = price
        if isinstance(event, Tick) and event.last_size > 0:
            self._volume += event.last_size


def times_of(values: Quotes) -> Integers:
    """Return the time of each event, UTC epoch milliseconds."""
    if isinstance(values, TickColumns):
        return values.time_ms
    return np.asarray([book.time_ns // MILLISECOND_NS for book in values], dtype=np.int64)


def middles_of(values: Quotes) -> Floats:
    """Return the price of each event that stands for its market: the middle, else the trade, else the one before."""
    if not isinstance(values, TickColumns):
        prices = np.asarray([middle(book) for book in values], dtype=np.float64)
    elif values.bid is not None and values.ask is not None:
        prices = (values.bid + values.ask) / 2
        if values.price is not None:
            prices = np.where(np.isnan(prices), values.price, prices)
    elif values.price is not None:
        prices = values.price
    else:
        raise AssertionError("tick columns have quotes or trades")
    known = np.where(np.isnan(prices), -1, np.arange(len(prices)))
    newest = np.maximum.accumulate(known)
    return np.where(newest >= 0, prices[np.maximum(newest, 0)], 0.0)


def _events(key: str, values: Quotes, rows: slice) -> Iterator[Tick | Book]:
    if not isinstance(values, TickColumns):
        return iter(values[rows])
    return map(
        Tick,
        repeat(key),
        (values.time_ms[rows] * MILLISECOND_NS).tolist(),
        _column(values.bid, rows),
        _column(values.ask, rows),
        _column(values.bid_size, rows),
        _column(values.ask_size, rows),
        _column(values.price, rows),
        _column(values.size, rows),
    )


def _column(values: Floats | None, rows: slice) -> Iterator[float]:
    return repeat(nan) if values is None else iter(values[rows].tolist())
