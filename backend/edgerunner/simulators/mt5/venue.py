"""The simulated MetaTrader 5 broker without its wire: symbols, prices, accounts, orders, and its ledger.

SIGNATURES (bodies follow). Times are UTC nanoseconds; prices, volumes and money Decimal; nothing here knows server time
except that bars are aligned to it. Unknown symbols raise ``UnknownSymbol`` (a KeyError); unknown logins ``KeyError``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from edgerunner.simulators.mt5.symbols.rows import BarColumns, TickColumns
    from edgerunner.simulators.mt5.trade_server.values import (
        Account, CheckResult, Deal, Order, Position, TradeRequest, TradeResult,
    )  # fmt: skip


class SymbolTick(Protocol):
    """The last tick: time_ns (UTC), bid, ask, flags."""

    time_ns: int
    bid: Decimal
    ask: Decimal
    flags: int


class BookLevel(Protocol):
    """One row of the depth: is_buy, price, volume (lots)."""

    is_buy: bool
    price: Decimal
    volume: Decimal


class Mt5VenueSignatures(Protocol):
    """What ``Mt5Venue(faults: FaultBox, settings: VenueSettings, mt5: Mt5Settings)`` offers the terminal."""

    name: str  # "mt5"
    accounts: list[str]  # ["1000001", "1000002"]

    def now_ns(self) -> int: ...  # UTC, with the clock error of faults
    def symbol_names(self) -> Sequence[str]: ...
    def has_symbol(self, symbol: str) -> bool: ...
    def symbol_values(self, symbol: str) -> Mapping[str, bool | int | Decimal | str]:
        """All 96 values by name in SymbolInfo's order; time, start_time, expiration_time = UTC seconds (0 = none);
        select and visible False (the terminal's own)."""

    def is_open(self, symbol: str) -> bool: ...  # trading session is on now
    def tick(self, symbol: str) -> SymbolTick | None: ...
    def book(self, symbol: str) -> list[BookLevel]: ...  # sells first, from the highest; then buys; [] without depth
    def ticks_from(self, symbol: str, from_ns: int, count: int) -> TickColumns: ...  # forward, never after now
    def ticks_range(self, symbol: str, from_ns: int, to_ns: int, limit: int | None = None) -> TickColumns: ...
    def bars_back(self, symbol: str, timeframe: int, *, until_ns: int | None = None, skip: int = 0, count: int) -> BarColumns:
        """The ``count`` bars that end ``skip`` bars before the one open at ``until_ns`` (None = now), oldest first.
        timeframe = TIMEFRAME_ value; ValueError for an unknown one."""
    def bars_range(self, symbol: str, timeframe: int, from_ns: int, to_ns: int, limit: int | None = None) -> BarColumns:
        """Bars whose open lies in from..to, both included; of more than ``limit`` the newest."""

    def watch(self, symbol: str) -> None: ...  # counted; the Market Watch needs none: tick() is always fresh
    def unwatch(self, symbol: str) -> None: ...

    def send(self, login: int, request: TradeRequest) -> TradeResult: ...
    def check(self, login: int, request: TradeRequest) -> CheckResult: ...
    def calc_margin(self, login: int, action: int, symbol: str, volume: Decimal, price: Decimal) -> Decimal | None: ...
    def calc_profit(self, login: int, action: int, symbol: str, volume: Decimal, price_open: Decimal, price_close: Decimal) -> Decimal | None: ...
    def account(self, login: int) -> Account: ...  # figures at the prices of now
    def positions(self, login: int) -> list[Position]: ...  # with price_current, profit at the prices of now
    def orders(self, login: int) -> list[Order]: ...  # live ones
    def history_orders(self, login: int, *, from_ns: int | None = None, to_ns: int | None = None, ticket: int | None = None, position: int | None = None) -> list[Order]: ...
    def history_deals(self, login: int, *, from_ns: int | None = None, to_ns: int | None = None, order: int | None = None, position: int | None = None) -> list[Deal]: ...
    def count_refused_placement(self, login: int, client_key: str, symbol: str, reason: str) -> None:
        """Count an order_send frame that never reached ``send`` (refused by the terminal itself or a fault)."""

    def add_listener(self, listener: Callable[[object], None]) -> Callable[[], None]: ...  # told Changes after commit
    def on_reset(self, listener: Callable[[], None]) -> None: ...
    async def run(self) -> None: ...
    def close(self) -> None: ...
