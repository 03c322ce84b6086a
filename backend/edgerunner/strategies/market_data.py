"""What a strategy is shown: plain floats and integer nanoseconds.

These are msgspec structs and no dataclasses: one is made per bar and tick, and a struct is made three times quicker,
cannot be changed, and crosses a process boundary as it is.
"""

from datetime import UTC, datetime

from msgspec import Struct

from edgerunner.domain.orders import Liquidity, OrderStatus, Side

__all__ = ["Bar", "Book", "Fill", "OrderUpdate", "Position", "Tick", "utc_time"]


def utc_time(time_ns: int) -> datetime:
    """Return nanoseconds UTC as an aware datetime, cut to microseconds."""
    seconds, rest = divmod(time_ns, 1_000_000_000)
    return datetime.fromtimestamp(seconds, tz=UTC).replace(microsecond=rest // 1000)


class Bar(Struct, frozen=True, gc=False):
    """One closed bar; ``time_ns`` is its open, ``volume`` counts the instrument's quantity unit."""

    instrument_id: str
    timeframe: str
    time_ns: int
    open: float
    high: float
    low: float
    close: float
    volume: float

    @property
    def time(self) -> datetime:
        """Return the bar's open as an aware datetime (UTC)."""
        return utc_time(self.time_ns)


class Tick(Struct, frozen=True, gc=False):
    """One quote or trade; a side or price that is not known is NaN."""

    instrument_id: str
    time_ns: int
    bid: float
    ask: float
    bid_size: float
    ask_size: float
    last: float
    last_size: float

    @property
    def time(self) -> datetime:
        """Return the event's time as an aware datetime (UTC)."""
        return utc_time(self.time_ns)

    @property
    def mid(self) -> float:
        """Return the middle of bid and ask; NaN when one of them is not known."""
        return (self.bid + self.ask) / 2


class Book(Struct, frozen=True):
    """The best levels of an order book, best first: ((price, size), ...)."""

    instrument_id: str
    time_ns: int
    bids: tuple[tuple[float, float], ...]
    asks: tuple[tuple[float, float], ...]

    @property
    def time(self) -> datetime:
        """Return the event's time as an aware datetime (UTC)."""
        return utc_time(self.time_ns)


class Fill(Struct, frozen=True, gc=False):
    """A part of one of the strategy's orders was done; a positive ``fee`` is a cost."""

    order_id: str
    instrument_id: str
    side: Side
    quantity: float
    price: float
    fee: float
    fee_currency: str
    time_ns: int
    liquidity: Liquidity


class OrderUpdate(Struct, frozen=True, gc=False):
    """The new state of one of the strategy's orders; ``reason`` says why it ended, or is None."""

    order_id: str
    instrument_id: str
    status: OrderStatus
    filled_quantity: float
    average_price: float | None
    reason: str | None
    time_ns: int


class Position(Struct, frozen=True, gc=False):
    """An open position: ``quantity`` is signed (positive long), 0 with ``average_price`` None when flat.

    ``unrealized_pnl`` is in the currency in which the instrument settles, at the newest price, before fees.
    """

    instrument_id: str
    quantity: float
    average_price: float | None
    unrealized_pnl: float
