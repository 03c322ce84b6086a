"""A small terminal module: just enough behaviour to see what the bridge asks, when, and from which thread."""

import sys
import threading
from types import ModuleType
from typing import Any

import numpy as np

from edgerunner.mt5_surface import constants
from edgerunner.mt5_surface.dtypes import RATES_DTYPE, TICKS_DTYPE
from edgerunner.mt5_surface.functions import FUNCTIONS, Calling
from edgerunner.mt5_surface.struct_sequence import AnyStruct, field_kinds
from edgerunner.mt5_surface.structs import (
    AccountInfo,
    OrderCheckResult,
    OrderSendResult,
    SymbolInfo,
    Tick,
    TradeDeal,
    TradeOrder,
    TradePosition,
    TradeRequest,
)

SERVER = "Fake-Demo"
SYMBOLS = ("EURUSD", "GOLD#")
SUCCESS = (1, "Success")
NO_CONNECTION = (-10004, "No IPC connection")


def struct(kind: type[AnyStruct], **given: Any) -> AnyStruct:
    """A struct whose fields are zero or empty but for the given ones."""
    return kind(
        given.get(name, kind_of() if kind_of in {bool, int, float, str} else None)
        for name, kind_of in field_kinds(kind).items()
    )


class FakeTerminal:
    """The state behind the module. Set what a test needs, then let the bridge call."""

    def __init__(self) -> None:
        self.login = 0
        self.password: str | None = None
        self.server = SERVER
        self.trade_mode = constants.ACCOUNT_TRADE_MODE_DEMO
        self.margin_mode = constants.ACCOUNT_MARGIN_MODE_RETAIL_HEDGING
        self.passwords = {1001: "secret-1001", 1002: "secret-1002"}
        self.is_up = True
        self.is_initialized = False
        self.calls: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []
        self.threads: set[int] = set()
        self.concurrent = 0
        self.sent: list[dict[str, Any]] = []
        self.positions: dict[int, TradePosition] = {}
        self.orders: dict[int, TradeOrder] = {}
        self.deals: list[TradeDeal] = []
        self.history: list[TradeOrder] = []
        self.ticks: list[tuple[Any, ...]] = []
        self.hang_in: str | None = None
        self.hanging = threading.Event()
        self.go_on = threading.Event()
        self.raise_in: str | None = None
        self.answer_of: dict[str, Any] = {}
        self._last_error: tuple[int, str] = SUCCESS
        self._inside = threading.Lock()

    def run(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """One call of the module, by one thread at a time or it fails loudly."""
        if not self._inside.acquire(blocking=False):
            raise AssertionError("two threads are inside the module")
        try:
            self.threads.add(threading.get_ident())
            if name == "last_error":
                return self._last_error
            self.calls.append((name, args, kwargs))
            if self.raise_in == name:
                raise ValueError("the module broke")
            result = self._answer(name, args, kwargs)
            if self.hang_in == name:  # executed, and the answer does not come
                self.hanging.set()
                self.go_on.wait()
            return result
        finally:
            self._inside.release()

    def count(self, name: str) -> int:
        """How often a function was called."""
        return sum(1 for called, _, _ in self.calls if called == name)

    def _answer(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        self._last_error = SUCCESS
        if name == "initialize":
            return self._initialize(**kwargs)
        if not (self.is_initialized and self.is_up):
            self._last_error = NO_CONNECTION
            return None if name != "symbol_select" else False
        if name in self.answer_of:
            return self.answer_of[name]
        handler = getattr(self, f"_{name}", None)
        if handler is None:
            self._last_error = (-1, "Terminal: Call failed")
            return None
        return handler(*args, **kwargs)

    def _initialize(
        self, login: int = 0, password: str | None = None, server: str | None = None, timeout: int = 0
    ) -> bool:
        del server, timeout
        if not self.is_up:
            self._last_error = (-10003, "IPC initialize failed, MetaTrader 5 x64 not found")
            return False
        self.is_initialized = True
        return self._login(login, password=password) if login else True

    def _login(self, login: int, *, password: str | None = None, server: str | None = None, timeout: int = 0) -> bool:
        del server, timeout
        if self.passwords.get(login) != password:
            self._last_error = (-6, "Terminal: Authorization failed")
            return False
        self.login, self.password = login, password
        return True

    def _shutdown(self) -> None:
        self.is_initialized = False

    def _version(self) -> tuple[int, int, str]:
        return (500, 5000, "01 Jan 2026")

    def _account_info(self) -> AccountInfo:
        return struct(
            AccountInfo,
            login=self.login,
            trade_mode=self.trade_mode,
            margin_mode=self.margin_mode,
            server=self.server,
            equity=100_000.1,
            currency="USD",
        )

    def _symbols_total(self) -> int:
        return len(SYMBOLS)

    def _symbols_get(self, *, group: str | None = None) -> tuple[SymbolInfo, ...]:
        del group
        return tuple(struct(SymbolInfo, name=name, point=0.00001) for name in SYMBOLS)

    def _symbol_info(self, symbol: str) -> SymbolInfo | None:
        if symbol in SYMBOLS:
            return struct(SymbolInfo, name=symbol)
        self._unknown()
        return None

    def _symbol_select(self, symbol: str, enable: bool = True) -> bool:
        return symbol in SYMBOLS and enable in {True, False}

    def _symbol_info_tick(self, symbol: str) -> Tick | None:
        if symbol not in SYMBOLS or not self.ticks:
            self._unknown()
            return None
        return Tick(self.ticks[-1])

    def _copy_ticks_from(self, symbol: str, date_from: Any, count: int, flags: int) -> Any:
        del symbol, flags
        return np.array(
            [tick for tick in self.ticks if tick[5] >= _seconds(date_from) * 1000][:count], dtype=TICKS_DTYPE
        )

    def _copy_rates_from_pos(self, symbol: str, timeframe: int, start: int, count: int) -> Any:
        del symbol, timeframe
        bars = [(60 * (start + i), 1.1, 1.2, 1.0, 1.15, 7, 2, 2**63 + 1) for i in range(count)]
        return np.array(bars, dtype=RATES_DTYPE)

    def _positions_get(self, **_filters: object) -> tuple[TradePosition, ...]:
        return tuple(self.positions.values())

    def _orders_get(self, **_filters: object) -> tuple[TradeOrder, ...]:
        return tuple(self.orders.values())

    def _history_deals_get(self, date_from: Any = 0, date_to: Any = 0, **_filters: object) -> tuple[TradeDeal, ...]:
        return tuple(deal for deal in self.deals if _seconds(date_from) <= deal.time <= _seconds(date_to))

    def _history_orders_get(self, date_from: Any = 0, date_to: Any = 0, **_filters: object) -> tuple[TradeOrder, ...]:
        return tuple(order for order in self.history if _seconds(date_from) <= order.time_done <= _seconds(date_to))

    def _order_check(self, request: dict[str, Any]) -> OrderCheckResult:
        return struct(OrderCheckResult, comment="Done", request=self._request(request))

    def _order_send(self, request: dict[str, Any]) -> OrderSendResult:
        self.sent.append(request)
        number = len(self.sent)
        return struct(
            OrderSendResult,
            retcode=constants.TRADE_RETCODE_DONE,
            deal=number,
            order=number,
            volume=request.get("volume", 0.0),
            comment="Request executed",
            request=self._request(request),
        )

    def _request(self, request: dict[str, Any]) -> TradeRequest:
        return struct(TradeRequest, **request)

    def _unknown(self) -> None:
        self._last_error = (-4, "Terminal: Not found")


def install(terminal: FakeTerminal, name: str) -> None:
    """Make the terminal importable as a module."""
    module = ModuleType(name)
    module.__dict__["__version__"] = "5.0.fake"
    for function in FUNCTIONS.values():
        if function.calling is not Calling.PYTHON:
            module.__dict__[function.name] = _callable(terminal, function.name)
    sys.modules[name] = module


def _callable(terminal: FakeTerminal, name: str) -> Any:
    def call(*args: Any, **kwargs: Any) -> Any:
        return terminal.run(name, args, kwargs)

    return call


def _seconds(date: Any) -> float:
    return float(date) if isinstance(date, int) else float(date.timestamp())
