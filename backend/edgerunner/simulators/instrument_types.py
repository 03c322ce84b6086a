"""Instruments as a venue trades them, and why it refuses a request."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

from edgerunner.domain.instruments import Instrument, Product
from edgerunner.domain.numbers import exact_arithmetic, round_money
from edgerunner.matching.fees import FeeSchedule, OrderCommission
from edgerunner.simulators.clock import NANOSECONDS

_SATURDAY = 5


class RejectReason(StrEnum):
    """Why a venue refuses a request; wire layers map these to their broker's codes."""

    UNKNOWN_SYMBOL = "unknown_symbol"
    UNKNOWN_ACCOUNT = "unknown_account"
    UNKNOWN_ORDER = "unknown_order"
    DUPLICATE_CLIENT_KEY = "duplicate_client_key"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    QUANTITY_BELOW_MINIMUM = "quantity_below_minimum"
    QUANTITY_ABOVE_MAXIMUM = "quantity_above_maximum"
    QUANTITY_OFF_STEP = "quantity_off_step"
    QUANTITY_NOT_ABOVE_FILLED = "quantity_not_above_filled"
    PRICE_OFF_TICK = "price_off_tick"
    PRICE_OUT_OF_RANGE = "price_out_of_range"
    NOTIONAL_BELOW_MINIMUM = "notional_below_minimum"
    REDUCE_ONLY_REJECTED = "reduce_only_rejected"
    ORDER_CLOSED = "order_closed"
    NOT_MODIFIED = "not_modified"
    TOO_MANY_ORDERS = "too_many_orders"
    HALTED = "halted"
    WOULD_CROSS = "would_cross"
    INVALID_QUANTITY = "invalid_quantity"
    INVALID_PRICE = "invalid_price"
    INVALID_LEVERAGE = "invalid_leverage"
    FORCED = "forced"
    TRIGGER_SIDE = "trigger_side"
    INVALID_TRIGGER = "invalid_trigger"
    TOO_MANY_WAITING = "too_many_waiting"
    EXIT_SIDE = "exit_side"
    INVALID_EXIT = "invalid_exit"
    NO_POSITION = "no_position"
    POSITION_MODE = "position_mode"
    POSITION_EXISTS = "position_exists"
    ORDERS_EXIST = "orders_exist"
    INVALID_MARGIN = "invalid_margin"
    EXPIRED = "expired"
    UNSUPPORTED = "unsupported"


class VenueReject(Exception):
    """The venue refuses a request: a neutral reason and a sentence."""

    def __init__(self, reason: RejectReason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyTime:
    """A time of every weekday on the wall of a zone."""

    zone: str
    at: time

    def next_ns(self, time_ns: int) -> int:
        """Return when it comes next after a time, UTC nanoseconds."""
        zone = ZoneInfo(self.zone)
        day = datetime.fromtimestamp(time_ns // NANOSECONDS, UTC).astimezone(zone).date()
        for offset in range(5):
            moment = datetime.combine(day + timedelta(days=offset), self.at, zone)
            found = int(moment.timestamp()) * NANOSECONDS
            if found > time_ns and moment.weekday() < _SATURDAY:
                return found
        raise AssertionError("every five days hold a weekday and its morrow")


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueInstrument:
    """An instrument as this venue trades it, with its rules in ticks and lots.

    Attributes:
        symbol: The venue's own key, ``product:name``, such as ``linear:BTCUSDT``.
        product: The part of ``symbol`` before the colon.
        name: The broker's name, not unique over products.
        price_limit: How far through the mark a limit price may go (a fraction), or None.
        slippage_limit: How far from the mark a market order may trade (a fraction).
        max_waiting_orders: Conditional orders that may wait at once (exits of positions are not counted).
        is_hedgeable: Whether an account may hold a long and a short leg of it at once.
        maintenance_rate: Share of a position's value that must stay behind it.
        commission: What orders cost; None = ``fees`` of every fill.
        daily_settlement: When the profit of what is open is paid in cash every day; None = when it is closed.
        index_symbol: Symbol whose price is its index; None = as the catalogue says.
        attributes: Words of the wire layer, kept and given back untouched.
    """

    symbol: str
    product: str
    name: str
    instrument: Instrument
    fees: FeeSchedule
    min_lots: int
    max_lots: int
    max_market_lots: int
    min_price_ticks: int = 1
    max_price_ticks: int
    price_limit: Decimal | None = None
    slippage_limit: Decimal = Decimal("0.05")
    max_open_orders: int = 500
    max_waiting_orders: int = 10
    is_hedgeable: bool = False
    maintenance_rate: Decimal = Decimal("0.005")
    default_leverage: Decimal = Decimal(1)
    max_leverage: Decimal = Decimal(1)
    commission: OrderCommission | None = None
    daily_settlement: DailyTime | None = None
    index_symbol: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)

    @property
    def pays_in_full(self) -> bool:
        """Tell whether a trade moves its whole value in cash, besides changing a position."""
        return self.instrument.product in {Product.STOCK, Product.OPTION}

    @property
    def exchanges_money(self) -> bool:
        """Tell whether a trade exchanges two currencies, besides changing a position that is only counted."""
        return self.instrument.product is Product.FOREX

    @property
    def is_spot(self) -> bool:
        """Tell whether trades exchange coins instead of opening a position."""
        return self.instrument.product is Product.SPOT

    @property
    def is_inverse(self) -> bool:
        """Tell whether contracts of quote currency are settled in base coins."""
        return self.instrument.contract.is_inverse

    def value(self, price_ticks: int, lots: int) -> Decimal:
        """Return what a quantity is worth at a price, settle currency.

        Price * quantity exactly; of an inverse contract quantity / price in coins, rounded to 18 decimals (0 without
        a price).
        """
        terms = self.instrument
        if not self.is_inverse:
            return Decimal(price_ticks * lots) * (terms.tick_size * terms.lot_step * terms.multiplier)
        if not price_ticks or not lots:
            return Decimal(0)
        with exact_arithmetic():
            return round_money(self.quantity(lots) * terms.multiplier / self.price(price_ticks))

    def average_price(self, value: Decimal, lots: int) -> Decimal:
        """Return the price at which ``lots`` (> 0) are worth ``value`` settle currency, rounded to 18 decimals."""
        with exact_arithmetic():
            units = self.quantity(lots) * self.instrument.multiplier
            return round_money(units / value if self.is_inverse else value / units)

    def price(self, ticks: int) -> Decimal:
        """Return a price in quote currency."""
        return Decimal(ticks) * self.instrument.tick_size

    def quantity(self, lots: int) -> Decimal:
        """Return a quantity in the instrument's unit."""
        return Decimal(lots) * self.instrument.lot_step

    def to_ticks(self, price: Decimal) -> int:
        """Return ``price`` in ticks; raises ``VenueReject`` (invalid_price, price_off_tick)."""
        if not price.is_finite() or price <= 0:
            raise VenueReject(RejectReason.INVALID_PRICE, f"price {price} is not a positive number")
        if not self.instrument.is_on_tick(price):
            step = self.instrument.tick_at(price)
            raise VenueReject(RejectReason.PRICE_OFF_TICK, f"price {price:f} is not a multiple of {step:f}")
        return int(price / self.instrument.tick_size)

    def to_lots(self, quantity: Decimal) -> int:
        """Return ``quantity`` in lots; raises ``VenueReject`` (invalid_quantity, quantity_off_step)."""
        if not quantity.is_finite() or quantity <= 0:
            raise VenueReject(RejectReason.INVALID_QUANTITY, f"quantity {quantity} is not a positive number")
        if not self.instrument.is_on_step(quantity):
            step = self.instrument.lot_step
            raise VenueReject(RejectReason.QUANTITY_OFF_STEP, f"quantity {quantity:f} is not a multiple of {step:f}")
        return int(quantity / self.instrument.lot_step)
