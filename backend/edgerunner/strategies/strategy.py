"""The base class of every strategy: the same class runs in a backtest, on paper and live."""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from edgerunner.domain.errors import FieldError
from edgerunner.domain.instruments import Instrument
from edgerunner.domain.orders import OrderType, Side, TimeInForce
from edgerunner.strategies.errors import StrategyMisuse
from edgerunner.strategies.history import BarHistory
from edgerunner.strategies.host import Host
from edgerunner.strategies.intents import ChangeIntent, OrderHandle, OrderIntent, instrument_key
from edgerunner.strategies.market_data import Bar, Book, Fill, OrderUpdate, Position, Tick, utc_time
from edgerunner.strategies.parameters import (
    ParameterSpec,
    ParameterValue,
    json_schema,
    named,
    raise_for,
    validated,
    with_default,
)

_MARKET, _LIMIT = OrderType.MARKET, OrderType.LIMIT
_BUY, _SELL = Side.BUY, Side.SELL  # as names of this module: reading them off their class costs more than the call

Words = Any
"""Keyword arguments of ``buy`` and ``sell``, handed through unchanged."""


class Strategy:
    """Subclass it, declare parameters with ``parameter``, and write the callbacks you need.

    A strategy sees floats and closed data only, and asks its host for everything else: it holds no socket, clock,
    thread or Decimal. Set up in ``on_start``; do not override ``__init__``.

    Attributes:
        history_length: Closed bars that are kept for ``bars`` and ``bars_of``, per instrument and time frame.
        state: JSON values that the host keeps over restarts; change it in place or assign a new dict.
        instrument_ids: Keys of the instruments, the main one first.
        instrument_id: The main one.
        timeframe: The main time frame.
    """

    history_length: ClassVar[int] = 1000
    _specs: ClassVar[dict[str, ParameterSpec]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        specs = dict(cls._specs)
        for name, value in list(vars(cls).items()):
            if isinstance(value, ParameterSpec):
                specs[name] = named(value, name, cls.__annotations__.get(name))
                setattr(cls, name, specs[name].default)
            elif name in specs:
                specs[name] = with_default(specs[name], value)
        cls._specs = specs

    def __init__(self, host: Host, parameters: Mapping[str, object] | None = None) -> None:
        self._host = host
        self.instrument_ids = host.instrument_ids
        self.instrument_id = host.instrument_ids[0]
        self.timeframe = host.timeframe
        self.state: dict[str, Any] = {}
        for name, value in self.validated(parameters or {}).items():
            setattr(self, name, value)

    @classmethod
    def parameter_specs(cls) -> tuple[ParameterSpec, ...]:
        """Return the parameters in the order in which they were declared."""
        return tuple(cls._specs.values())

    @classmethod
    def json_schema(cls) -> dict[str, object]:
        """Return the JSON schema (draft 2020-12) of the parameters."""
        return json_schema(cls.parameter_specs(), cls.__name__, (cls.__doc__ or "").strip())

    @classmethod
    def validated(cls, parameters: Mapping[str, object]) -> dict[str, ParameterValue]:
        """Return all parameters with defaults filled in; raises ``InvalidRequest`` naming each wrong one."""
        values = validated(cls.parameter_specs(), parameters)
        found = cls.check_parameters(values)
        raise_for(
            [FieldError(field=f"parameters.{name}", code="invalid", message=text) for name, text in found.items()]
        )
        return values

    @classmethod
    def check_parameters(cls, values: Mapping[str, ParameterValue]) -> dict[str, str]:  # noqa: ARG003 - for subclasses
        """Override to compare parameters with each other: return {parameter: what is wrong and the remedy}."""
        return {}

    @classmethod
    def handles(cls, callback: str) -> bool:
        """Tell whether the class has its own version of a callback, so that a host may skip the others."""
        return getattr(cls, callback) is not getattr(Strategy, callback)

    # Callbacks

    def on_start(self) -> None:
        """Set up: make indicators, subscribe, set timers."""

    def on_bar(self, bar: Bar) -> None:
        """Handle a bar that has just closed."""

    def on_tick(self, tick: Tick) -> None:
        """Handle a tick."""

    def on_book(self, book: Book) -> None:
        """Handle the best levels of an order book."""

    def on_fill(self, fill: Fill) -> None:
        """Handle a fill of one of the strategy's orders; its position is updated already."""

    def on_order(self, update: OrderUpdate) -> None:
        """Handle a new state of one of the strategy's orders."""

    def on_timer(self, name: str) -> None:
        """Handle a timer."""

    def on_stop(self) -> None:
        """Clean up; orders sent now are refused."""

    # Facts

    @property
    def now_ns(self) -> int:
        """Return the time of the event being handled, nanoseconds UTC."""
        return self._host.now_ns

    @property
    def now(self) -> datetime:
        """Return the time of the event being handled as an aware datetime (UTC)."""
        return utc_time(self._host.now_ns)

    @property
    def is_warming_up(self) -> bool:
        """Tell whether history is replayed before going live: orders sent now are dropped and counted."""
        return self._host.is_warming_up

    @property
    def position(self) -> Position:
        """Return the strategy's position in the main instrument."""
        return self._host.position(self.instrument_id)

    def position_of(self, instrument_id: str, *, connection: str | None = None) -> Position:
        """Return the strategy's position in an instrument; a flat one when there is none."""
        return self._host.position(instrument_key(instrument_id, connection))

    @property
    def cash(self) -> float:
        """Return the cash, base currency."""
        return self._host.account()[0]

    @property
    def equity(self) -> float:
        """Return cash plus what the positions are worth now, base currency."""
        return self._host.account()[1]

    @property
    def open_orders(self) -> tuple[OrderHandle, ...]:
        """Return the strategy's open orders, oldest first."""
        return self._host.open_orders()

    def instrument(self, instrument_id: str | None = None, *, connection: str | None = None) -> Instrument:
        """Return an instrument's terms (the main one's by default)."""
        return self._host.instrument(self._key(instrument_id, connection))

    @property
    def bars(self) -> BarHistory:
        """Return the closed bars of the main instrument and time frame."""
        return self._host.history(self.instrument_id, self.timeframe)

    def bars_of(self, instrument_id: str, timeframe: str | None = None, *, connection: str | None = None) -> BarHistory:
        """Return the closed bars of an instrument and subscribed time frame (the main one by default)."""
        return self._host.history(instrument_key(instrument_id, connection), timeframe or self.timeframe)

    # Subscriptions and timers

    def subscribe_bars(
        self, timeframe: str, instrument_id: str | None = None, *, connection: str | None = None
    ) -> None:
        """Ask for bars of a further time frame, a multiple of the main one; they arrive in ``on_bar`` once closed."""
        self._host.subscribe_bars(self._key(instrument_id, connection), timeframe)

    def subscribe_ticks(self, instrument_id: str | None = None, *, connection: str | None = None) -> None:
        """Ask for ticks in ``on_tick``."""
        self._host.subscribe_ticks(self._key(instrument_id, connection))

    def subscribe_book(self, instrument_id: str | None = None, *, connection: str | None = None) -> None:
        """Ask for the best levels of the book in ``on_book``."""
        self._host.subscribe_book(self._key(instrument_id, connection))

    def set_timer(self, name: str, *, every_s: float | None = None, at: str | None = None) -> None:
        """Ask for ``on_timer(name)`` every so many seconds, or daily at ``HH:MM`` UTC (exactly one of them)."""
        if (every_s is None) == (at is None):
            raise StrategyMisuse("a timer needs either every_s or at")
        self._host.set_timer(name, every_s=every_s, at=at)

    # Orders

    def buy(
        self,
        quantity: float,
        *,
        instrument_id: str | None = None,
        connection: str | None = None,
        limit: float | None = None,
        stop: float | None = None,
        touch: float | None = None,
        trail: float | None = None,
        take_profit: float | None = None,
        stop_loss: float | None = None,
        time_in_force: TimeInForce | None = None,
        expire_after_bars: int | None = None,
        post_only: bool = False,
        reduce_only: bool = False,
    ) -> OrderHandle:
        """Buy; without a price at market. Prices are in quote currency, ``trail`` is a distance in price.

        ``limit`` = limit, ``stop`` = stop-market, both = stop-limit; ``touch`` = market if touched, with ``limit`` =
        limit if touched; ``trail`` = trailing stop. ``take_profit`` and ``stop_loss`` are prices of exits that cancel
        each other and start to work once the entry filled (in bar mode from the bar after it).
        """
        return self._host.submit(
            OrderIntent(
                instrument_id=self.instrument_id
                if instrument_id is None
                else instrument_key(instrument_id, connection),
                side=_BUY,
                order_type=_order_type(limit, stop, touch, trail),
                quantity=quantity,
                limit=limit,
                trigger=touch if stop is None else stop,
                trail=trail,
                take_profit=take_profit,
                stop_loss=stop_loss,
                time_in_force=time_in_force,
                expire_after_bars=expire_after_bars,
                post_only=post_only,
                reduce_only=reduce_only,
            )
        )

    def sell(
        self,
        quantity: float,
        *,
        instrument_id: str | None = None,
        connection: str | None = None,
        limit: float | None = None,
        stop: float | None = None,
        touch: float | None = None,
        trail: float | None = None,
        take_profit: float | None = None,
        stop_loss: float | None = None,
        time_in_force: TimeInForce | None = None,
        expire_after_bars: int | None = None,
        post_only: bool = False,
        reduce_only: bool = False,
    ) -> OrderHandle:
        """Sell; the arguments are those of ``buy``."""
        return self._host.submit(
            OrderIntent(
                instrument_id=self.instrument_id
                if instrument_id is None
                else instrument_key(instrument_id, connection),
                side=_SELL,
                order_type=_order_type(limit, stop, touch, trail),
                quantity=quantity,
                limit=limit,
                trigger=touch if stop is None else stop,
                trail=trail,
                take_profit=take_profit,
                stop_loss=stop_loss,
                time_in_force=time_in_force,
                expire_after_bars=expire_after_bars,
                post_only=post_only,
                reduce_only=reduce_only,
            )
        )

    def close_position(self, instrument_id: str | None = None, *, connection: str | None = None) -> OrderHandle | None:
        """Close the position at market (reduce-only); None when it is flat."""
        held = self._host.position(self._key(instrument_id, connection)).quantity
        if held == 0:
            return None
        send = self.sell if held > 0 else self.buy
        return send(abs(held), instrument_id=instrument_id, connection=connection, reduce_only=True)

    def target_quantity(
        self, quantity: float, *, instrument_id: str | None = None, connection: str | None = None, **words: Words
    ) -> OrderHandle | None:
        """Send the order that leads from the position to ``quantity`` (signed); None when it is there already.

        Open orders are not counted: cancel them first. ``words`` are those of ``buy``.
        """
        key = self._key(instrument_id, connection)
        instrument = self._host.instrument(key)
        step = float(instrument.lot_step)
        lots = round((quantity - self._host.position(key).quantity) / step)
        if lots == 0:
            return None
        send = self.buy if lots > 0 else self.sell
        return send(abs(lots) * step, instrument_id=instrument_id, connection=connection, **words)

    def target_fraction(
        self, fraction: float, *, instrument_id: str | None = None, connection: str | None = None, **words: Words
    ) -> OrderHandle | None:
        """Like ``target_quantity`` for a fraction of equity at the newest price (negative = short).

        The quantity is rounded toward zero to whole lots; a fraction near the whole equity leaves no room for fees and
        gaps, and its order may be refused. Raises ``StrategyMisuse`` before any price is known.
        """
        key = self._key(instrument_id, connection)
        value = self._host.unit_value(key)
        if math.isnan(value):
            raise StrategyMisuse(f"{key} has no price yet; wait for its first bar or tick")
        step = float(self._host.instrument(key).lot_step)
        lots = int(fraction * self.equity / value / step * (1 + 1e-12))
        return self.target_quantity(lots * step, instrument_id=instrument_id, connection=connection, **words)

    def cancel(self, handle: OrderHandle) -> None:
        """Cancel an order; one that is closed already is left alone."""
        self._host.cancel(handle)

    def cancel_all(self, instrument_id: str | None = None, *, connection: str | None = None) -> None:
        """Cancel the open orders of one instrument, or of all when none is named."""
        key = None if instrument_id is None else instrument_key(instrument_id, connection)
        for handle in self._host.open_orders(key):
            self._host.cancel(handle)

    def modify(
        self,
        handle: OrderHandle,
        *,
        quantity: float | None = None,
        limit: float | None = None,
        stop: float | None = None,
    ) -> None:
        """Change a working order; None = leave. ``stop`` is the trigger price, ``quantity`` the new total."""
        self._host.modify(handle, ChangeIntent(quantity=quantity, limit=limit, trigger=stop))

    def log(self, text: str) -> None:
        """Write a line to the strategy's log."""
        self._host.log(text)

    def _key(self, instrument_id: str | None, connection: str | None) -> str:
        return self.instrument_id if instrument_id is None else instrument_key(instrument_id, connection)


def _order_type(limit: float | None, stop: float | None, touch: float | None, trail: float | None) -> OrderType:
    if stop is None and touch is None and trail is None:
        return _MARKET if limit is None else _LIMIT
    match (limit is not None, stop is not None, touch is not None, trail is not None):
        case (has_limit, True, False, False):
            return OrderType.STOP_LIMIT if has_limit else OrderType.STOP_MARKET
        case (has_limit, False, True, False):
            return OrderType.LIMIT_IF_TOUCHED if has_limit else OrderType.MARKET_IF_TOUCHED
        case (False, False, False, True):
            return OrderType.TRAILING_STOP_MARKET
        case _:
            raise StrategyMisuse("give limit, stop, touch or trail alone, or limit with stop or with touch")
