"""What the terminal needs of the broker behind it; `Mt5Venue` is one."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Protocol

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
    def time_ns(self) -> int: ...
    @property
    def bid(self) -> Decimal: ...
    @property
    def ask(self) -> Decimal: ...
    @property
    def flags(self) -> int: ...


class BookLevel(Protocol):
    """One row of the depth; ``volume`` in lots."""

    @property
    def is_buy(self) -> bool: ...
    @property
    def price(self) -> Decimal: ...
    @property
    def volume(self) -> Decimal: ...


class Broker(Protocol):
    """Times are UTC nanoseconds; a symbol that does not exist is a ``KeyError``."""

    def now_ns(self) -> int: ...
    def symbol_names(self) -> Sequence[str]: ...
    def has_symbol(self, symbol: str) -> bool: ...
    def symbol_values(self, symbol: str) -> Mapping[str, SymbolValue]: ...
    def tick(self, symbol: str) -> SymbolTick | None: ...
    def book(self, symbol: str) -> Sequence[BookLevel]: ...
    def ticks_from(self, symbol: str, from_ns: int, count: int) -> TickColumns: ...
    def ticks_range(self, symbol: str, from_ns: int, to_ns: int, limit: int | None = None) -> TickColumns: ...
    def bars_back(
        self, symbol: str, timeframe: int, *, until_ns: int | None = None, skip: int = 0, count: int
    ) -> BarColumns: ...
    def bars_range(
        self, symbol: str, timeframe: int, from_ns: int, to_ns: int, limit: int | None = None
    ) -> BarColumns: ...
    def send(
        self,
        login: int,
        request: TradeRequest,
        *,
        fill_limit: Decimal | None = None,
        comment: str | None = None,
    ) -> TradeResult: ...
    def check(self, login: int, request: TradeRequest) -> CheckResult: ...
    def calc_margin(self, login: int, action: int, symbol: str, volume: Decimal, price: Decimal) -> Decimal | None: ...
    def calc_profit(
        self, login: int, action: int, symbol: str, volume: Decimal, price_open: Decimal, price_close: Decimal
    ) -> Decimal | None: ...
    def account(self, login: int) -> Account: ...
    def account_value(self, login: int) -> AccountValue: ...
    def positions(self, login: int) -> Sequence[Position]: ...
    def orders(self, login: int) -> Sequence[Order]: ...
    def history_orders(
        self,
        login: int,
        *,
        from_ns: int | None = None,
        to_ns: int | None = None,
        ticket: int | None = None,
        position: int | None = None,
    ) -> Sequence[Order]: ...
    def history_deals(
        self,
        login: int,
        *,
        from_ns: int | None = None,
        to_ns: int | None = None,
        order: int | None = None,
        position: int | None = None,
    ) -> Sequence[Deal]: ...
    def count_refused_placement(self, login: int, client_key: str, symbol: str, reason: str) -> None: ...
