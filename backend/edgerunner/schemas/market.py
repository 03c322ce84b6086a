"""Instruments and market data on the wire."""

from typing import Annotated

from pydantic import Field

from edgerunner.domain.errors import FieldError
from edgerunner.domain.instruments import Instrument, Product, QuantityUnit
from edgerunner.domain.market import Bar, Depth, Funding, FundingRate, MarketTrade, Ticker, Timeframe
from edgerunner.domain.orders import Side
from edgerunner.schemas.base import AnswerModel, RequestModel, WholeNumber
from edgerunner.schemas.scalars import ConnectionId, DecimalText, InstrumentId, RequestTime, TimeText


class InstrumentsQuery(RequestModel):
    """Instruments by part of their name (empty = all), or the one with an id."""

    connection_id: ConnectionId
    query: Annotated[str, Field(max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")] | None = None
    instrument_id: InstrumentId | None = None

    def rule_errors(self) -> tuple[FieldError, ...]:
        """Return an error when both ways of asking are mixed."""
        if self.query is None or self.instrument_id is None:
            return ()
        return (FieldError(field="query", code="forbidden", message="does not go with instrument_id"),)


class MarketQuery(RequestModel):
    """One instrument of one connection."""

    connection_id: ConnectionId
    instrument_id: InstrumentId


class DepthQuery(MarketQuery):
    """How much of a book."""

    limit: Annotated[WholeNumber, Field(ge=1, le=500, description="Levels per side.")] = 50


class FundingQuery(MarketQuery):
    """How many past funding rates."""

    limit: Annotated[WholeNumber, Field(ge=1, le=200, description="Past rates, the newest ones.")] = 50


class OhlcQuery(MarketQuery):
    """Which bars: the newest ``limit`` of the interval; ``start`` and ``end`` bound the bars' openings."""

    timeframe: Timeframe
    start: RequestTime | None = None
    end: RequestTime | None = None
    limit: Annotated[WholeNumber, Field(ge=1, le=5_000, description="Most bars of the answer.")] = 500

    def rule_errors(self) -> tuple[FieldError, ...]:
        """Return an error when the interval is empty."""
        if self.start is None or self.end is None or self.start < self.end:
            return ()
        return (FieldError(field="end", code="empty_interval", message="must be later than start"),)


class PriceBandAnswer(AnswerModel):
    """Tick size from a price upward."""

    from_price: DecimalText
    tick_size: DecimalText


class SessionAnswer(AnswerModel):
    """One weekly trading interval, minutes after Monday 00:00 in the instrument's time zone."""

    open_minute: int
    close_minute: int


class InstrumentAnswer(AnswerModel):
    """One instrument of one connection."""

    instrument_id: str
    connection_id: str
    venue_symbol: str
    product: Product
    base: str
    quote: str
    settle: str
    quantity_unit: QuantityUnit
    multiplier: DecimalText
    tick_size: DecimalText
    price_bands: list[PriceBandAnswer]
    lot_step: DecimalText
    min_quantity: DecimalText
    max_quantity: DecimalText | None
    min_notional: DecimalText | None
    sessions: list[SessionAnswer]
    timezone: str

    @classmethod
    def of(cls, connection_id: str, instrument: Instrument) -> "InstrumentAnswer":
        """Render an instrument as ``connection_id`` knows it."""
        return cls(
            instrument_id=instrument.instrument_id,
            connection_id=connection_id,
            venue_symbol=instrument.venue_symbol,
            product=instrument.product,
            base=instrument.base,
            quote=instrument.quote,
            settle=instrument.settle,
            quantity_unit=instrument.quantity_unit,
            multiplier=instrument.multiplier,
            tick_size=instrument.tick_size,
            price_bands=[
                PriceBandAnswer(from_price=band.from_price, tick_size=band.tick_size) for band in instrument.price_bands
            ],
            lot_step=instrument.lot_step,
            min_quantity=instrument.min_quantity,
            max_quantity=instrument.max_quantity,
            min_notional=instrument.min_notional,
            sessions=[
                SessionAnswer(open_minute=session.open_minute, close_minute=session.close_minute)
                for session in instrument.sessions
            ],
            timezone=instrument.timezone,
        )


class InstrumentList(AnswerModel):
    """Instruments of one connection."""

    instruments: list[InstrumentAnswer]


class BarAnswer(AnswerModel):
    """One bar; ``time`` is its opening, ``complete`` false while it still grows."""

    time: TimeText
    open: DecimalText
    high: DecimalText
    low: DecimalText
    close: DecimalText
    volume: DecimalText
    complete: bool

    @classmethod
    def of(cls, bar: Bar) -> "BarAnswer":
        """Render a bar."""
        return cls(
            time=bar.open_ns,
            open=bar.open,
            high=bar.high,
            low=bar.low,
            close=bar.close,
            volume=bar.volume,
            complete=bar.is_complete,
        )


class BarList(AnswerModel):
    """Bars, oldest first."""

    bars: list[BarAnswer]


class TickerAnswer(AnswerModel):
    """Newest quote and marks; ``stale`` = older than it should be while subscribed."""

    bid: DecimalText | None
    ask: DecimalText | None
    bid_size: DecimalText | None
    ask_size: DecimalText | None
    last: DecimalText | None
    mark: DecimalText | None
    index: DecimalText | None
    time: TimeText
    stale: bool

    @classmethod
    def of(cls, ticker: Ticker, *, is_stale: bool) -> "TickerAnswer":
        """Render a quote."""
        return cls(
            bid=ticker.bid,
            ask=ticker.ask,
            bid_size=ticker.bid_size,
            ask_size=ticker.ask_size,
            last=ticker.last,
            mark=ticker.mark,
            index=ticker.index,
            time=ticker.ts_event_ns,
            stale=is_stale,
        )


Level = tuple[DecimalText, DecimalText]
"""Price and quantity."""


class DepthAnswer(AnswerModel):
    """The best levels of both sides, best first, each ``[price, quantity]``."""

    bids: list[Level]
    asks: list[Level]
    sequence: int | None
    time: TimeText

    @classmethod
    def of(cls, depth: Depth, levels: int) -> "DepthAnswer":
        """Render at most ``levels`` of each side of a book."""
        return cls(
            bids=list(depth.bids[:levels]),
            asks=list(depth.asks[:levels]),
            sequence=depth.sequence,
            time=depth.ts_event_ns,
        )


class FundingRateAnswer(AnswerModel):
    """A funding rate, a fraction of the position's value, at its settlement time."""

    time: TimeText
    rate: DecimalText

    @classmethod
    def of(cls, funding: FundingRate) -> "FundingRateAnswer":
        """Render a funding rate."""
        return cls(time=funding.ts_ns, rate=funding.rate)


class FundingAnswer(AnswerModel):
    """Past funding rates, oldest first, and the next one when the venue tells."""

    rates: list[FundingRateAnswer]
    next: FundingRateAnswer | None

    @classmethod
    def of(cls, funding: Funding) -> "FundingAnswer":
        """Render funding rates."""
        return cls(
            rates=[FundingRateAnswer.of(rate) for rate in funding.rates],
            next=FundingRateAnswer.of(funding.next) if funding.next else None,
        )


class MarketTradeAnswer(AnswerModel):
    """One public trade; ``side`` is the taker's."""

    trade_id: str
    price: DecimalText
    quantity: DecimalText
    side: Side
    time: TimeText

    @classmethod
    def of(cls, trade: MarketTrade) -> "MarketTradeAnswer":
        """Render a public trade."""
        return cls(
            trade_id=trade.trade_id,
            price=trade.price,
            quantity=trade.quantity,
            side=trade.side,
            time=trade.ts_event_ns,
        )
