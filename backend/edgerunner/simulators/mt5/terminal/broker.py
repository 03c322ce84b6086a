"""What the terminal needs of the broker behind it; `Mt5Venue` is one."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Protocol

from edgerunner.simulators.mt5.settings import Mt5Settings
from edgerunner.simulators.mt5.symbols.rows import BarColumns, TickColumns
from edgerunner.simulators.mt5.trade_server.values import (
    Account,
    AccountValue,
    CheckResult,
    Deal,
    Order,
    Position,
    TradeRequest,
    TradeResult,
)

SymbolValue = bool | int | Decimal | str


class SymbolTick(Protocol):
    """The last tick; ``time_ns`` UTC, ``flags`` of ``TICK_FLAG_*``."""

    @property
    def time_ns(self) -> int:
        """Return when it came."""

    @property
    def bid(self) -> Decimal:
        """Return the price at which clients sell."""

    @property
    def ask(self) -> Decimal:
        """Return the price at which clients buy."""

    @property
    def flags(self) -> int:
        """Return what changed with it."""


class BookLevel(Protocol):
    """One row of the depth."""

    @property
    def is_buy(self) -> bool:
        """Tell whether it is somebody who buys."""

    @property
    def price(self) -> Decimal:
        """Return its price."""

    @property
    def volume(self) -> Decimal:
        """Return its lots."""


class Market(Protocol):
    """Symbols and prices. Times are UTC nanoseconds; a symbol that does not exist is a ``KeyError``."""

    def now_ns(self) -> int:
        """Return the server's idea of now."""

    def symbol_names(self) -> Sequence[str]:
        """Return every symbol of the server."""

    def has_symbol(self, symbol: str) -> bool:
        """Tell whether a symbol exists."""

    def symbol_values(self, symbol: str) -> Mapping[str, SymbolValue]:
        """Return all fields of `SymbolInfo` by name; times in UTC seconds."""

    def tick(self, symbol: str) -> SymbolTick | None:
        """Return the last tick, None when there was none yet."""

    def book(self, symbol: str) -> Sequence[BookLevel]:
        """Return the depth: sells from the highest, then buys."""

    async def prepare_ticks(self, symbol: str, from_ns: int, to_ns: int, *, count: int | None = None) -> None:
        """Make the ticks of a span in advance and let others work in between: await it before the next two."""

    def ticks_from(self, symbol: str, from_ns: int, count: int) -> TickColumns:
        """Return the first ``count`` ticks from a moment on."""

    def ticks_range(self, symbol: str, from_ns: int, to_ns: int, limit: int | None = None) -> TickColumns:
        """Return the ticks between two moments, both included."""

    def bars_back(
        self, symbol: str, timeframe: int, *, until_ns: int | None = None, skip: int = 0, count: int
    ) -> BarColumns:
        """Return the ``count`` bars that end ``skip`` bars before the one open at a moment (None = now)."""


class Broker(Market, Protocol):
    """The market and the trade server. An account that does not exist is a ``KeyError``."""

    @property
    def settings(self) -> Mt5Settings:
        """Return how it is set up."""

    def send(
        self, login: int, request: TradeRequest, *, fill_limit: Decimal | None = None, comment: str | None = None
    ) -> TradeResult:
        """Carry out a request; ``fill_limit`` lots at most trade at once, ``comment`` replaces the client's."""

    def check(self, login: int, request: TradeRequest) -> CheckResult:
        """Tell what ``send`` would answer."""

    def calc_margin(self, login: int, action: int, symbol: str, *, volume: Decimal, price: Decimal) -> Decimal | None:
        """Return the margin of an order alone."""

    def calc_profit(
        self, login: int, action: int, symbol: str, *, volume: Decimal, price_open: Decimal, price_close: Decimal
    ) -> Decimal | None:
        """Return the profit between two prices."""

    def account(self, login: int) -> Account:
        """Return the terms and booked money of an account."""

    def account_value(self, login: int) -> AccountValue:
        """Return an account's figures at the prices of now."""

    def positions(self, login: int) -> Sequence[Position]:
        """Return the open positions at the prices of now."""

    def orders(self, login: int) -> Sequence[Order]:
        """Return the active orders."""

    def history_orders(
        self,
        login: int,
        *,
        from_ns: int | None = None,
        to_ns: int | None = None,
        ticket: int | None = None,
        position: int | None = None,
    ) -> Sequence[Order]:
        """Return done orders, by when they were done, or by ticket or position."""

    def history_deals(
        self,
        login: int,
        *,
        from_ns: int | None = None,
        to_ns: int | None = None,
        order: int | None = None,
        position: int | None = None,
    ) -> Sequence[Deal]:
        """Return deals, by time, or by their order or position."""

    def count_refused_placement(self, login: int, client_key: str, symbol: str, reason: str) -> None:
        """Count a placement that never reached ``send``."""
