"""What a strategy wants: an order, a change of one, and the handle by which it follows an order.

Numbers are floats; the host turns them into exact steps of the instrument or refuses them by name.
"""

from msgspec import Struct

from edgerunner.domain.orders import OrderStatus, OrderType, Side, TimeInForce

__all__ = ["ChangeIntent", "OrderHandle", "OrderIntent", "instrument_key", "split_instrument_key"]


class OrderIntent(Struct, frozen=True, kw_only=True, gc=False):
    """One order as a strategy wants it; None = not given.

    Attributes:
        instrument_id: Instrument key: ``instrument_id`` or ``<connection_id>:<instrument_id>``.
        limit: Limit price of a limit, stop-limit or limit-if-touched order.
        trigger: Price that wakes a stop or if-touched order.
        trail: Distance in price of a trailing stop.
        take_profit: Price of the attached target, a limit order once the entry filled.
        stop_loss: Price of the attached stop, a stop-market order once the entry filled.
        time_in_force: None = the host's default (ioc for market orders, gtc otherwise).
        expire_after_bars: Bars of the main time frame that the order may see, then it expires.
    """

    instrument_id: str
    side: Side
    order_type: OrderType
    quantity: float
    limit: float | None = None
    trigger: float | None = None
    trail: float | None = None
    take_profit: float | None = None
    stop_loss: float | None = None
    time_in_force: TimeInForce | None = None
    expire_after_bars: int | None = None
    post_only: bool = False
    reduce_only: bool = False


class ChangeIntent(Struct, frozen=True, kw_only=True, gc=False):
    """New terms of a working order; None = leave. ``quantity`` is the new total."""

    quantity: float | None = None
    limit: float | None = None
    trigger: float | None = None


class OrderHandle(Struct, eq=False):
    """A strategy's view of one of its orders; its host keeps it up to date.

    Attributes:
        order_id: Client order id.
        instrument_id: Instrument key.
        side: Buy or sell.
        quantity: What was asked for.
        status: Contract word of where the order stands.
        filled_quantity: What was done so far.
        average_price: Average price of that, None without fills.
        is_open: Whether the order can still trade.
        reason: Why it was denied, rejected, canceled or expired, else None.
    """

    order_id: str
    instrument_id: str
    side: Side
    quantity: float
    status: OrderStatus = OrderStatus.INITIALIZED
    filled_quantity: float = 0.0
    average_price: float | None = None
    is_open: bool = True
    reason: str | None = None

    def __repr__(self) -> str:
        done = f"{self.filled_quantity:g}/{self.quantity:g}"
        return f"OrderHandle({self.order_id} {self.side} {done} {self.instrument_id} {self.status})"


def instrument_key(instrument_id: str, connection_id: str | None = None) -> str:
    """Return the key of an instrument, with its connection when one is named."""
    return f"{connection_id}:{instrument_id}" if connection_id else instrument_id


def split_instrument_key(key: str) -> tuple[str | None, str]:
    """Return (connection_id or None, instrument_id) of a key."""
    connection_id, colon, instrument_id = key.partition(":")
    return (connection_id, instrument_id) if colon else (None, key)
