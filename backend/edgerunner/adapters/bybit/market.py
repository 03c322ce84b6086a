"""Market data by REST: candles, quotes, books, funding."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final, TypeVar

from edgerunner.adapters.bybit.book import Book
from edgerunner.adapters.bybit.instruments import Listing
from edgerunner.adapters.bybit.market_wire import BookData, FundingRow, Klines, TickerRow
from edgerunner.adapters.bybit.rest import RestClient
from edgerunner.adapters.bybit.server_clock import Clock
from edgerunner.adapters.bybit.values import (
    NS_PER_MS,
    Malformed,
    nanoseconds,
    number,
    price,
    required_nanoseconds,
    required_number,
)
from edgerunner.adapters.bybit.wire import Page, decoded
from edgerunner.domain.errors import BrokerUnreachable, InvalidRequest, Unsupported
from edgerunner.domain.instruments import Product
from edgerunner.domain.market import Bar, Depth, Funding, FundingRate, Ticker, Timeframe

INTERVALS: Final = {
    Timeframe.M1: "1",
    Timeframe.M5: "5",
    Timeframe.M15: "15",
    Timeframe.M30: "30",
    Timeframe.H1: "60",
    Timeframe.H4: "240",
    Timeframe.D1: "D",
}
DEPTH_LEVELS: Final = 1_000
_KLINE_PAGE: Final = 1_000
_FUNDING_PAGE: Final = 200

Row = TypeVar("Row")


def interval_of(timeframe: Timeframe) -> str:
    """Return Bybit's word for a bar length; raises ``Unsupported`` for those it does not serve."""
    if timeframe not in INTERVALS:
        raise Unsupported(f"Bybit serves no {timeframe} candles; its shortest are 1m")
    return INTERVALS[timeframe]


_SETTLE_NS: Final = 2 * 10**9
"""A candle is complete when a newer one stands beside it, or this long after its end: Bybit reads the
candles before it stamps its answer, so an answer of the first moments may show the last one unfinished."""


class MarketReader:
    """Reads market data of one connection."""

    def __init__(self, rest: RestClient, clock: Clock) -> None:
        self._rest = rest
        self._clock = clock

    async def bars(
        self, listing: Listing, timeframe: Timeframe, *, start_ns: int | None, end_ns: int | None, limit: int
    ) -> list[Bar]:
        """Return bars that open in [start, end), oldest first, the newest ``limit`` of them.

        Bybit answers newest first, at most 1000 at once, the candle that still grows included;
        older ones are read window by window, backward, until enough or none are left.
        """
        interval = interval_of(timeframe)
        if limit < 1:
            raise InvalidRequest.of("limit", "invalid", "must be at least 1")
        found: dict[int, Bar] = {}
        before_ns = end_ns
        while len(found) < limit and (start_ns is None or before_ns is None or before_ns > start_ns):
            wanted = min(limit - len(found), _KLINE_PAGE)
            page = await self._page(listing, interval, timeframe.length_ns, before_ns=before_ns, count=wanted)
            older = {bar.open_ns: bar for bar in page if before_ns is None or bar.open_ns < before_ns}
            if not older:
                break
            found |= older
            before_ns = min(older)
        kept = [bar for open_ns, bar in sorted(found.items()) if start_ns is None or open_ns >= start_ns]
        return kept[-limit:]

    async def _page(
        self, listing: Listing, interval: str, length_ns: int, *, before_ns: int | None, count: int
    ) -> list[Bar]:
        parameters: dict[str, str | int] = {
            "category": listing.category,
            "symbol": listing.symbol,
            "interval": interval,
            "limit": count,
        }
        if before_ns is not None:
            parameters["start"] = max(before_ns - count * length_ns, 0) // NS_PER_MS
            parameters["end"] = (before_ns - 1) // NS_PER_MS
        klines, now_ns = await self._rest.get_timed("/v5/market/kline", parameters, Klines, signed=False)
        now_ns = now_ns or self._rest.server_clock.now_ns()
        try:
            newest_ns = required_nanoseconds(klines.rows[0][0], "start") if klines.rows else 0
            settled_ns = max(newest_ns, now_ns - _SETTLE_NS)
            return [_bar(row, length_ns, settled_ns) for row in klines.rows]
        except (Malformed, IndexError) as error:
            raise BrokerUnreachable(f"unreadable candle of {listing.symbol}: {error}") from error

    async def ticker(self, listing: Listing) -> Ticker:
        """Return the newest quote."""
        rows, now_ns = await self._rows("/v5/market/tickers", listing, TickerRow)
        try:
            return ticker_of(
                listing, rows[0], ts_event_ns=now_ns or self._clock.time_ns(), ts_arrival_ns=self._clock.time_ns()
            )
        except (Malformed, IndexError) as error:
            raise BrokerUnreachable(f"unreadable ticker of {listing.symbol}: {error}") from error

    async def depth(self, listing: Listing, levels: int) -> Depth:
        """Return at least the best ``levels``, or all there are up to 1000."""
        parameters: dict[str, str | int] = {
            "category": listing.category,
            "symbol": listing.symbol,
            "limit": min(max(levels, 1), DEPTH_LEVELS),
        }
        data = await self._rest.get("/v5/market/orderbook", parameters, BookData, signed=False)
        arrival_ns, book = self._clock.time_ns(), Book()
        try:
            book.snapshot(data)
        except Malformed as error:
            raise BrokerUnreachable(f"unreadable book of {listing.symbol}: {error}") from error
        bids, asks = book.levels()
        return Depth(
            instrument_id=listing.instrument.instrument_id,
            bids=bids,
            asks=asks,
            sequence=data.u,
            ts_event_ns=nanoseconds(data.cts) or nanoseconds(data.ts) or arrival_ns,
            ts_arrival_ns=arrival_ns,
        )

    async def funding(self, listing: Listing, limit: int) -> Funding:
        """Return the last ``limit`` funding rates, oldest first, and the next; perpetuals only."""
        if listing.instrument.product is not Product.PERPETUAL:
            raise Unsupported(f"{listing.instrument.instrument_id} has no funding: only perpetual contracts have")
        rates: dict[int, Decimal] = {}
        while len(rates) < limit:
            page = await self._funding_page(listing, before_ns=min(rates, default=None), count=limit - len(rates))
            if not page.keys() - rates.keys():
                break
            rates |= page
        past = [FundingRate(ts_ns=ts_ns, rate=rate) for ts_ns, rate in sorted(rates.items())]
        rows, _ = await self._rows("/v5/market/tickers", listing, TickerRow)
        return Funding(rates=tuple(past[-limit:]) if limit > 0 else (), next=_next_funding(rows))

    async def _funding_page(self, listing: Listing, *, before_ns: int | None, count: int) -> dict[int, Decimal]:
        more: dict[str, str | int] = {"limit": min(count, _FUNDING_PAGE)}
        if before_ns is not None:
            more["endTime"] = before_ns // NS_PER_MS - 1
        rows, _ = await self._rows("/v5/market/funding/history", listing, FundingRow, more=more)
        try:
            return {
                required_nanoseconds(row.funding_rate_timestamp, "fundingRateTimestamp"): required_number(
                    row.funding_rate, "fundingRate"
                )
                for row in rows
            }
        except Malformed as error:
            raise BrokerUnreachable(f"unreadable funding rate of {listing.symbol}: {error}") from error

    async def _rows(
        self, path: str, listing: Listing, into: type[Row], *, more: dict[str, str | int] | None = None
    ) -> tuple[Sequence[Row], int | None]:
        parameters: dict[str, str | int] = {"category": listing.category, "symbol": listing.symbol, **(more or {})}
        page, now_ns = await self._rest.get_timed(path, parameters, Page, signed=False)
        try:
            return [decoded(row, into) for row in page.rows], now_ns
        except Malformed as error:
            raise BrokerUnreachable(f"unreadable answer to {path}: {error}") from error


def ticker_of(listing: Listing, row: TickerRow, *, ts_event_ns: int, ts_arrival_ns: int) -> Ticker:
    """Return the ticker of a row; raises ``Malformed`` for numbers that are none.

    Spot has neither mark nor index: ``usdIndexPrice`` values the coin in USD, not this pair.
    """
    return Ticker(
        instrument_id=listing.instrument.instrument_id,
        bid=price(row.bid1_price),
        ask=price(row.ask1_price),
        bid_size=number(row.bid1_size),
        ask_size=number(row.ask1_size),
        last=price(row.last_price),
        mark=price(row.mark_price),
        index=price(row.index_price),
        ts_event_ns=ts_event_ns,
        ts_arrival_ns=ts_arrival_ns,
    )


def _bar(row: Sequence[str], length_ns: int, settled_ns: int) -> Bar:
    open_ns = required_nanoseconds(row[0], "start")
    return Bar(
        open_ns=open_ns,
        open=required_number(row[1], "open"),
        high=required_number(row[2], "high"),
        low=required_number(row[3], "low"),
        close=required_number(row[4], "close"),
        volume=required_number(row[5], "volume"),
        is_complete=open_ns + length_ns <= settled_ns,
    )


def _next_funding(rows: Sequence[TickerRow]) -> FundingRate | None:
    if not rows:
        return None
    try:
        ts_ns, rate = nanoseconds(rows[0].next_funding_time), number(rows[0].funding_rate)
    except Malformed as error:
        raise BrokerUnreachable(f"unreadable funding in a ticker: {error}") from error
    return None if ts_ns is None or rate is None else FundingRate(ts_ns=ts_ns, rate=rate)
