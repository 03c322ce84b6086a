"""The few calls through which a strategy reaches what runs it: a backtest, a worker process, a test's fake."""

from typing import Protocol

from edgerunner.domain.instruments import Instrument
from edgerunner.strategies.history import BarHistory
from edgerunner.strategies.intents import ChangeIntent, OrderHandle, OrderIntent
from edgerunner.strategies.market_data import Position


class Host(Protocol):
    """Runs one strategy. Instruments are named by key: ``instrument_id`` or ``<connection_id>:<instrument_id>``.

    A key that the strategy was not given raises ``StrategyMisuse``.
    """

    @property
    def instrument_ids(self) -> tuple[str, ...]:
        """Return the keys of the strategy's instruments, the main one first."""

    @property
    def timeframe(self) -> str:
        """Return the main time frame, such as ``1m``."""

    @property
    def now_ns(self) -> int:
        """Return the time of the event being handled, nanoseconds UTC."""

    @property
    def is_warming_up(self) -> bool:
        """Tell whether history is replayed before going live: orders are dropped and counted."""

    def account(self) -> tuple[float, float]:
        """Return (cash, equity) in the base currency."""

    def position(self, key: str) -> Position:
        """Return the strategy's position; a flat one when there is none."""

    def open_orders(self, key: str | None = None) -> tuple[OrderHandle, ...]:
        """Return the strategy's open orders, oldest first, of one instrument or of all."""

    def instrument(self, key: str) -> Instrument:
        """Return the instrument's terms."""

    def unit_value(self, key: str) -> float:
        """Return what one unit of quantity is worth at the newest price, base currency; NaN before any price."""

    def history(self, key: str, timeframe: str) -> BarHistory:
        """Return closed bars of a subscribed time frame; raises ``StrategyMisuse`` when it is not subscribed."""

    def submit(self, intent: OrderIntent) -> OrderHandle:
        """Place an order. A refusal comes back as a handle with status denied or rejected and its reason."""

    def cancel(self, handle: OrderHandle) -> None:
        """Cancel an order; one that is closed already is left alone."""

    def modify(self, handle: OrderHandle, change: ChangeIntent) -> None:
        """Change a working order; what cannot be changed raises ``StrategyMisuse``."""

    def subscribe_bars(self, key: str, timeframe: str) -> None:
        """Deliver further bars; a longer time frame is aggregated from the main one and delivered once closed."""

    def subscribe_ticks(self, key: str) -> None:
        """Deliver ticks to ``on_tick``; raises ``StrategyMisuse`` when the host has none."""

    def subscribe_book(self, key: str) -> None:
        """Deliver books to ``on_book``; raises ``StrategyMisuse`` when the host has none."""

    def set_timer(self, name: str, *, every_s: float | None = None, at: str | None = None) -> None:
        """Call ``on_timer(name)`` every so many seconds, or daily at ``HH:MM`` UTC; the name's old timer ends."""

    def log(self, text: str) -> None:
        """Write a line to the strategy's log, stamped with the time of the event being handled."""
