"""Public market data over REST: ``/v5/market/*``.

Open interest is simulated: a fixed figure per symbol that moves a little with the hour, since no
other trader exists here. Everything else is read from the venue's market.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from edgerunner.simulators.bybit import (
    codes,
    formats,
    instrument_objects,
    klines,
    order_objects,
    paging,
    risk_tiers,
    traps,
)
from edgerunner.simulators.bybit.categories import Category, venue_key
from edgerunner.simulators.bybit.envelope import Answer
from edgerunner.simulators.bybit.open_interest import open_interest_at
from edgerunner.simulators.bybit.ticker_objects import ticker_object
from edgerunner.simulators.faults import FaultBox
from edgerunner.simulators.venue import Venue
from edgerunner.simulators.venue_types import FundingRate, TradePrinted, VenueInstrument

BOOK_LIMITS: Final = {Category.SPOT: (1, 1000), Category.OPTION: (1, 25)}
DEFAULT_BOOK_LIMIT: Final = (25, 1000)
TRADE_LIMITS: Final = {Category.SPOT: (60, 60)}
DEFAULT_TRADE_LIMIT: Final = (500, 1000)
OPEN_INTEREST_INTERVALS_S: Final = {
    "5min": 300,
    "15min": 900,
    "30min": 1800,
    "1h": 3600,
    "4h": 14400,
    "1d": 86400,
}
RISK_LIMIT_PAGE: Final = 15


class MarketQueries:
    """Answers the public endpoints."""

    def __init__(self, venue: Venue, faults: FaultBox) -> None:
        self._venue = venue
        self._faults = faults

    def server_time(self, _params: Mapping[str, str]) -> Answer:
        """Return the venue's wall time, which authentication windows compare with."""
        now_ns = self._venue.wall_now_ns()
        return Answer(result={"timeSecond": str(now_ns // 1_000_000_000), "timeNano": str(now_ns)})

    def instruments_info(self, params: Mapping[str, str]) -> Answer:
        """Return a page of instruments; spot has no paging."""
        category = _category(params)
        rows = self._instruments(category, params)
        if category.is_spot:
            return Answer(
                result={"category": category.value, "list": [instrument_objects.instrument_object(row) for row in rows]}
            )
        page, cursor = self._page(rows, params, paging.parse_limit(params, default=500, maximum=1000))
        return Answer(
            result={
                "category": category.value,
                "list": [instrument_objects.instrument_object(row) for row in page],
                "nextPageCursor": cursor,
            }
        )

    def tickers(self, params: Mapping[str, str]) -> Answer:
        """Return the ticker of one symbol or of all."""
        category = _category(params)
        rows = self._instruments(category, params)
        return Answer(
            result={"category": category.value, "list": [ticker_object(self._venue, row.symbol) for row in rows]}
        )

    def order_book(self, params: Mapping[str, str]) -> Answer:
        """Return the best levels of both sides."""
        instrument = self._instrument(params)
        default, maximum = BOOK_LIMITS.get(Category(instrument.product), DEFAULT_BOOK_LIMIT)
        limit = paging.parse_limit(params, default=default, maximum=maximum)
        book = self._venue.book(instrument.symbol, limit)
        now_ms = formats.milliseconds(self._venue.now_ns())
        return Answer(
            result={
                "s": instrument.name,
                "b": [level_texts(instrument, level) for level in book.bids],
                "a": [level_texts(instrument, level) for level in book.asks],
                "ts": now_ms,
                "u": book.version,
                "seq": formats.sequence(book.step),
                "cts": now_ms,
            }
        )

    def recent_trades(self, params: Mapping[str, str]) -> Answer:
        """Return the newest public trades."""
        instrument = self._instrument(params)
        default, maximum = TRADE_LIMITS.get(Category(instrument.product), DEFAULT_TRADE_LIMIT)
        limit = paging.parse_limit(params, default=default, maximum=maximum)
        trades = self._venue.recent_trades(instrument.symbol, limit)
        return Answer(
            result={"category": instrument.product, "list": [_trade_object(instrument, trade) for trade in trades]}
        )

    def kline(self, params: Mapping[str, str]) -> Answer:
        """Return bars of traded prices, newest first, the open one included."""
        return self._kline(params, with_volume=True)

    def price_kline(self, params: Mapping[str, str]) -> Answer:
        """Return bars of the mark or index price; here both follow the traded price's bars."""
        if _category(params).is_spot:
            raise codes.parameter_error("params error: category invalid")
        return self._kline(params, with_volume=False)

    def premium_kline(self, params: Mapping[str, str]) -> Answer:
        """Return bars of the premium of mark over index: what it is now, for every bar."""
        instrument = self._instrument(params)
        index = self._venue.index_price(instrument.symbol)
        premium = self._venue.mark_price(instrument.symbol) / index - 1 if index else Decimal(0)
        text = formats.rate_text(premium)
        rows = self._kline(params, with_volume=False)
        bars = [[row[0], text, text, text, text] for row in rows.result["list"]]
        return Answer(result={**rows.result, "list": bars})

    def funding_history(self, params: Mapping[str, str]) -> Answer:
        """Return funding rates of past settlements, newest first."""
        instrument = self._derivative(params)
        limit = paging.parse_limit(params, default=200, maximum=200)
        start, end = paging.parse_integer(params, "startTime"), paging.parse_integer(params, "endTime")
        if start is not None and end is None:
            raise codes.parameter_error("params error: endTime is required with startTime")
        rates = self._venue.funding_history(
            instrument.symbol,
            start_ns=formats.nanoseconds(start) if start is not None else None,
            end_ns=formats.nanoseconds(end) if end is not None else None,
            limit=limit,
        )
        rows = [_funding_row(instrument, rate) for rate in rates]
        return Answer(result={"category": instrument.product, "list": rows})

    def open_interest(self, params: Mapping[str, str]) -> Answer:
        """Return the simulated open interest at past interval ends, newest first."""
        instrument = self._derivative(params)
        limit = paging.parse_limit(params, default=50, maximum=200)
        interval_s = OPEN_INTEREST_INTERVALS_S.get(params.get("intervalTime", ""))
        if interval_s is None:
            raise codes.parameter_error("params error: intervalTime invalid")
        now_ms = formats.milliseconds(self._venue.now_ns())
        start, end = paging.parse_integer(params, "startTime"), paging.parse_integer(params, "endTime")
        position = paging.decode_cursor(params)
        last = position if position is not None else min(end if end is not None else now_ms, now_ms)
        newest = last // (interval_s * 1000) * interval_s * 1000
        stamps = [newest - step * interval_s * 1000 for step in range(limit)]
        rows = [_open_interest_row(instrument, stamp) for stamp in stamps if start is None or stamp >= start]
        more = len(rows) == limit
        return Answer(
            result={
                "symbol": instrument.name,
                "category": instrument.product,
                "list": rows,
                "nextPageCursor": paging.encode_cursor(stamps[-1] - 1) if more else "",
            }
        )

    def risk_limit(self, params: Mapping[str, str]) -> Answer:
        """Return the (single, simulated) risk tier of each symbol."""
        category = _category(params)
        if category not in {Category.LINEAR, Category.INVERSE}:
            raise codes.parameter_error("params error: category invalid")
        page, cursor = self._page(self._instruments(category, params), params, RISK_LIMIT_PAGE)
        return Answer(
            result={
                "category": category.value,
                "list": [risk_tiers.risk_tier_object(row) for row in page],
                "nextPageCursor": cursor,
            }
        )

    def price_limit(self, params: Mapping[str, str]) -> Answer:
        """Return the highest buy and the lowest sell price that are taken now."""
        instrument = self._instrument(params)
        mark, share = self._venue.mark_price(instrument.symbol), instrument.price_limit
        highest = mark * (1 + share) if share is not None else instrument.price(instrument.max_price_ticks)
        lowest = mark * (1 - share) if share is not None else instrument.price(instrument.min_price_ticks)
        return Answer(
            result={
                "symbol": instrument.name,
                "buyLmt": formats.quoted_price_text(instrument, highest),
                "sellLmt": formats.quoted_price_text(instrument, lowest),
                "ts": formats.milliseconds_text(self._venue.now_ns()),
            }
        )

    def _page(
        self, rows: list[VenueInstrument], params: Mapping[str, str], limit: int
    ) -> tuple[list[VenueInstrument], str]:
        """Return one page of instruments and the cursor to the next."""
        start = paging.decode_cursor(params) or 0
        end = start + traps.page_rows(self._faults, self._venue.name, limit)
        return rows[start:end], paging.encode_cursor(end) if end < len(rows) else ""

    def _kline(self, params: Mapping[str, str], *, with_volume: bool) -> Answer:
        instrument = self._instrument(params)
        interval = klines.parse_interval(params.get("interval", ""))
        limit = paging.parse_limit(params, default=200, maximum=1000)
        bars = klines.bars(
            self._venue,
            instrument.symbol,
            interval,
            start_ms=paging.parse_integer(params, "start"),
            end_ms=paging.parse_integer(params, "end"),
            limit=limit,
        )
        rows = [klines.bar_row(instrument, bar) for bar in reversed(bars)]
        return Answer(
            result={
                "symbol": instrument.name,
                "category": instrument.product,
                "list": rows if with_volume else [row[:5] for row in rows],
            }
        )

    def _instrument(self, params: Mapping[str, str]) -> VenueInstrument:
        category = _category(params)
        instrument = self._venue.instruments.get(venue_key(category, params.get("symbol", "")))
        if instrument is None:
            raise codes.parameter_error("params error: symbol invalid")
        return instrument

    def _derivative(self, params: Mapping[str, str]) -> VenueInstrument:
        instrument = self._instrument(params)
        if instrument.is_spot:
            raise codes.parameter_error("params error: category invalid")
        return instrument

    def _instruments(self, category: Category, params: Mapping[str, str]) -> list[VenueInstrument]:
        name, base, status = params.get("symbol", ""), params.get("baseCoin", ""), params.get("status", "Trading")
        rows = [
            row
            for row in self._venue.instruments.values()
            if row.product == category
            and name in {"", row.name}
            and base in {"", row.instrument.base}
            and status in {"", "Trading"}
        ]
        if name and not rows:
            raise codes.parameter_error("params error: symbol invalid")
        return rows


def level_texts(instrument: VenueInstrument, level: tuple[int, int]) -> list[str]:
    """Return a book level as ``[price, size]`` text."""
    ticks, lots = level
    return [formats.price_text(instrument, ticks), formats.quantity_text(instrument, lots)]


def _funding_row(instrument: VenueInstrument, funding: FundingRate) -> dict[str, str]:
    return {
        "symbol": instrument.name,
        "fundingRate": formats.rate_text(funding.rate),
        "fundingRateTimestamp": formats.milliseconds_text(funding.time_ns),
    }


def _open_interest_row(instrument: VenueInstrument, stamp_ms: int) -> dict[str, str]:
    amount = formats.exact_text(open_interest_at(instrument, stamp_ms))
    return {"openInterest": amount, "singleOpenInterest": amount, "timestamp": str(stamp_ms)}


def _trade_object(instrument: VenueInstrument, trade: TradePrinted) -> dict[str, Any]:
    return {
        "execId": trade.trade_id,
        "symbol": instrument.name,
        "price": formats.price_text(instrument, trade.price_ticks),
        "size": formats.quantity_text(instrument, trade.quantity_lots),
        "side": order_objects.SIDES[trade.taker_side],
        "time": formats.milliseconds_text(trade.time_ns),
        "isBlockTrade": False,
        "isRPITrade": False,
        "seq": str(trade.sequence),
    }


def _category(params: Mapping[str, str]) -> Category:
    try:
        return Category(params.get("category") or "linear")
    except ValueError as error:
        raise codes.parameter_error("params error: category invalid") from error
