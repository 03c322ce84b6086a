"""Live feeds of one instrument each: what a stream's messages make of them."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Final, Protocol

from edgerunner.adapters.broker import BarUpdate, Feed, MarketSubscription
from edgerunner.adapters.buffers import MarketBuffer
from edgerunner.adapters.bybit.book import Applied, Book
from edgerunner.adapters.bybit.instruments import Listing
from edgerunner.adapters.bybit.market import INTERVALS, ticker_of
from edgerunner.adapters.bybit.market_wire import BookData, KlineRow, MarketMessage, TickerRow, TradeRow
from edgerunner.adapters.bybit.server_clock import Clock
from edgerunner.adapters.bybit.values import Malformed, nanoseconds, required_nanoseconds
from edgerunner.adapters.bybit.wire import decoded
from edgerunner.domain.market import Bar, Depth, MarketTrade, Ticker, Timeframe
from edgerunner.domain.numbers import can_be_written
from edgerunner.domain.orders import Side

_STREAM_DEPTH: Final = 50

Level = tuple[Decimal, Decimal]


class LiveFeed(Protocol):
    """A feed: its topics, and what it does with their messages."""

    @property
    def handlers(self) -> Mapping[str, Callable[[MarketMessage], Applied]]:
        """Handler by topic; a ``HOLE`` asks for the topic's snapshot again."""
        ...

    def lost(self) -> None:
        """Forget what belonged to a lost connection."""
        ...


def feed_of(subscription: MarketSubscription, listing: Listing, buffer: MarketBuffer, clock: Clock) -> LiveFeed:
    """Return the feed that serves a subscription; the caller has checked the timeframe."""
    match subscription.feed:
        case Feed.QUOTES:
            return QuoteFeed(listing, buffer, clock)
        case Feed.DEPTH:
            return DepthFeed(listing, buffer, clock)
        case Feed.TRADES:
            return TradeFeed(listing, buffer)
        case Feed.BARS:
            return BarFeed(listing, subscription.timeframe or Timeframe.M1, buffer)


class QuoteFeed:
    """Best bid and ask from the level-1 book, last and marks from the ticker.

    The spot ticker has no bid and ask, and the ticker of contracts is slower than the book.
    """

    def __init__(self, listing: Listing, buffer: MarketBuffer, clock: Clock) -> None:
        self._listing = listing
        self._buffer = buffer
        self._clock = clock
        self._book = Book()
        self._row: TickerRow | None = None
        self._marks = ticker_of(listing, TickerRow(), ts_event_ns=0, ts_arrival_ns=0)
        self._told: Ticker | None = None
        self._stamp_ns = 0
        self._arrival_ns = 0
        self._key: Hashable = (Feed.QUOTES, listing.instrument.instrument_id)

    @property
    def handlers(self) -> Mapping[str, Callable[[MarketMessage], Applied]]:
        """Level-1 book and ticker."""
        return {f"orderbook.1.{self._listing.symbol}": self._on_book, f"tickers.{self._listing.symbol}": self._on_row}

    def lost(self) -> None:
        """Forget book and ticker."""
        self._book.invalidate()
        self._row = None
        self._marks = ticker_of(self._listing, TickerRow(), ts_event_ns=0, ts_arrival_ns=0)
        self._buffer.forget(self._key)

    def _on_book(self, message: MarketMessage) -> Applied:
        data = decoded(message.data, BookData)
        applied = self._book.delta(data) if message.type == "delta" else self._book.snapshot(data)
        if applied is Applied.CHANGED:
            self._touch(message)
        return applied

    def _on_row(self, message: MarketMessage) -> Applied:
        news = decoded(message.data, TickerRow)
        if message.type == "delta":
            if self._row is None:
                return Applied.NOTHING
            merge(self._row, news)
        else:
            self._row = news
        self._marks = ticker_of(self._listing, self._row, ts_event_ns=0, ts_arrival_ns=0)
        self._touch(message)
        return Applied.CHANGED

    def _touch(self, message: MarketMessage) -> None:
        stamp_ns = nanoseconds(message.cts) or nanoseconds(message.ts) or 0
        self._stamp_ns = max(self._stamp_ns, stamp_ns)
        self._arrival_ns = self._clock.time_ns()
        self._buffer.changed(self._key, self._build)

    def _build(self) -> Ticker | None:
        """Return the quote, or None when it is what was told last."""
        ticker = replace(self._marks, ts_event_ns=self._stamp_ns, ts_arrival_ns=self._arrival_ns)
        if self._book.is_valid:
            ticker = _with_best(ticker, *self._book.best())
        if self._told is not None and _is_same_quote(self._told, ticker):
            return None
        self._told = ticker
        return ticker


class DepthFeed:
    """The best 50 levels of both sides."""

    def __init__(self, listing: Listing, buffer: MarketBuffer, clock: Clock) -> None:
        self._listing = listing
        self._buffer = buffer
        self._clock = clock
        self._book = Book()
        self._stamp_ns = 0
        self._arrival_ns = 0
        self._key: Hashable = (Feed.DEPTH, listing.instrument.instrument_id)

    @property
    def handlers(self) -> Mapping[str, Callable[[MarketMessage], Applied]]:
        """The depth topic."""
        return {f"orderbook.{_STREAM_DEPTH}.{self._listing.symbol}": self._on_book}

    def lost(self) -> None:
        """Forget the book."""
        self._book.invalidate()
        self._buffer.forget(self._key)

    def _on_book(self, message: MarketMessage) -> Applied:
        data = decoded(message.data, BookData)
        applied = self._book.delta(data) if message.type == "delta" else self._book.snapshot(data)
        if applied is Applied.CHANGED:
            self._stamp_ns = nanoseconds(message.cts) or nanoseconds(message.ts) or 0
            self._arrival_ns = self._clock.time_ns()
            self._buffer.changed(self._key, self._build)
        return applied

    def _build(self) -> Depth | None:
        if not self._book.is_valid:
            return None
        bids, asks = self._book.levels()
        return Depth(
            instrument_id=self._listing.instrument.instrument_id,
            bids=bids,
            asks=asks,
            sequence=self._book.sequence,
            ts_event_ns=self._stamp_ns,
            ts_arrival_ns=self._arrival_ns,
        )


class TradeFeed:
    """Public trades, each one."""

    def __init__(self, listing: Listing, buffer: MarketBuffer) -> None:
        self._listing = listing
        self._buffer = buffer

    @property
    def handlers(self) -> Mapping[str, Callable[[MarketMessage], Applied]]:
        """The trade topic."""
        return {f"publicTrade.{self._listing.symbol}": self._on_trades}

    def lost(self) -> None:
        """Nothing is kept."""

    def _on_trades(self, message: MarketMessage) -> Applied:
        for row in decoded(message.data, list[TradeRow]):
            _check(row.p, row.v)
            self._buffer.add(
                MarketTrade(
                    instrument_id=self._listing.instrument.instrument_id,
                    trade_id=row.i,
                    price=row.p,
                    quantity=row.v,
                    side=Side.BUY if row.S == "Buy" else Side.SELL,
                    ts_event_ns=required_nanoseconds(row.T, "T"),
                )
            )
        return Applied.CHANGED


class BarFeed:
    """Bars of one length: the growing one conflated, closed ones each, and each once."""

    def __init__(self, listing: Listing, timeframe: Timeframe, buffer: MarketBuffer) -> None:
        self._listing = listing
        self._timeframe = timeframe
        self._buffer = buffer
        self._closed_ns = -1
        self._growing: BarUpdate | None = None
        self._key: Hashable = (Feed.BARS, listing.instrument.instrument_id, timeframe)

    @property
    def handlers(self) -> Mapping[str, Callable[[MarketMessage], Applied]]:
        """The candle topic."""
        return {f"kline.{INTERVALS[self._timeframe]}.{self._listing.symbol}": self._on_bars}

    def lost(self) -> None:
        """Forget the growing bar."""
        self._buffer.forget(self._key)

    def _on_bars(self, message: MarketMessage) -> Applied:
        for row in decoded(message.data, list[KlineRow]):
            _check(row.open, row.high, row.low, row.close, row.volume)
            open_ns = required_nanoseconds(row.start, "start")
            if open_ns <= self._closed_ns:
                continue  # Bybit closes some candles twice
            update = self._update(row, open_ns)
            if row.confirm:
                self._closed_ns = open_ns
                self._buffer.add(update, replaces=self._key)
            elif update != self._growing:
                self._growing = update
                self._buffer.changed(self._key, lambda: self._growing)
        return Applied.CHANGED

    def _update(self, row: KlineRow, open_ns: int) -> BarUpdate:
        return BarUpdate(
            instrument_id=self._listing.instrument.instrument_id,
            timeframe=self._timeframe,
            bar=Bar(
                open_ns=open_ns,
                open=row.open,
                high=row.high,
                low=row.low,
                close=row.close,
                volume=row.volume,
                is_complete=row.confirm,
            ),
        )


def _with_best(ticker: Ticker, bid: Level | None, ask: Level | None) -> Ticker:
    bid_price, bid_size = bid or (None, None)
    ask_price, ask_size = ask or (None, None)
    return replace(ticker, bid=bid_price, bid_size=bid_size, ask=ask_price, ask_size=ask_size)


def _is_same_quote(told: Ticker, ticker: Ticker) -> bool:
    return told == replace(ticker, ts_event_ns=told.ts_event_ns, ts_arrival_ns=told.ts_arrival_ns)


def _check(*numbers: Decimal) -> None:
    if not all(can_be_written(number) for number in numbers):
        raise Malformed("a price or quantity is no number")


def merge(row: TickerRow, news: TickerRow) -> None:
    """Take over what a delta carries: absent fields are unchanged."""
    for name in row.__struct_fields__:
        value = getattr(news, name)
        if value is not None:
            setattr(row, name, value)
