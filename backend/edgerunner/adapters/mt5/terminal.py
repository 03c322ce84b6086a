"""A terminal as the adapter sees it: the vendor package's functions, awaited. In process or through the bridge.

Values are the vendor's own: structs with its attributes, arrays with its dtypes, the broker's server time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType
from typing import Any, Final, Protocol, cast

from edgerunner.domain.errors import BrokerAuthFailed, BrokerError, BrokerTimeout, BrokerUnreachable, NotConnected
from edgerunner.mt5_surface import constants
from edgerunner.mt5_surface.structs import (
    AccountInfo,
    BookInfo,
    OrderSendResult,
    SymbolInfo,
    TerminalInfo,
    Tick,
    TradeDeal,
    TradeOrder,
    TradePosition,
)

Request = Mapping[str, int | float | str]
"""A trade request: only fields that are set; whole numbers and floats as the package wants them."""

Argument = int | float | str | bool
Named = Mapping[str, Argument]
NO_NAMES: Final[Named] = MappingProxyType({})

LINK_CODES: Final = frozenset(
    {
        constants.RES_E_INTERNAL_FAIL,
        constants.RES_E_INTERNAL_FAIL_SEND,
        constants.RES_E_INTERNAL_FAIL_RECEIVE,
        constants.RES_E_INTERNAL_FAIL_INIT,
        constants.RES_E_INTERNAL_FAIL_CONNECT,
        constants.RES_E_INTERNAL_FAIL_TIMEOUT,
    }
)
"""Codes of ``last_error`` that are about the way to the terminal: an order may have been executed nevertheless."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Time-outs of calls, orders and downloads, and how often changes and ticks are polled; seconds."""

    call_s: float
    order_s: float
    history_s: float
    changes_s: float
    ticks_s: float


class Urgency(IntEnum):
    """What overtakes what while the terminal, which does one thing at a time, is busy."""

    CANCEL = 0
    ORDER = 1
    QUERY = 2
    HISTORY = 3


class CallFailed(Exception):
    """A call was answered with None or False; ``code`` and ``text`` are those of its ``last_error``."""

    def __init__(self, function: str, code: int, text: str) -> None:
        super().__init__(f"{function}: {text} ({code})")
        self.function = function
        self.code = code
        self.text = text

    @property
    def is_about_the_link(self) -> bool:
        """Tell whether the way to the terminal is broken, not the call refused."""
        return self.code in LINK_CODES


def as_broker_error(failed: CallFailed) -> BrokerError:
    """Return what a query that failed means for its caller."""
    text = f"MetaTrader 5 did not answer {failed.function}: {failed.text} ({failed.code})"
    match failed.code:
        case constants.RES_E_INTERNAL_FAIL_TIMEOUT:
            return BrokerTimeout(text)
        case constants.RES_E_AUTH_FAILED:
            return BrokerAuthFailed(text)
        case _ if failed.is_about_the_link:
            return NotConnected(text)
        case _:
            return BrokerUnreachable(text)


class TerminalListener(Protocol):
    """Hears what a terminal tells by itself."""

    def on_change(self) -> None:
        """Orders, positions, deals or money may have changed: read them."""
        ...

    def on_ticks(self, symbol: str, ticks: Sequence[Tick]) -> None:
        """New ticks of a watched symbol, oldest first."""
        ...

    def on_lost(self, reason: str) -> None:
        """The way to the terminal is broken."""
        ...


class Terminal(Protocol):
    """One terminal, logged in to one account.

    ``call`` and ``send`` raise ``BrokerTimeout`` or ``NotConnected`` (nothing answered), ``CallFailed`` (the terminal
    said no), ``BrokerUnreachable`` (not sent at all).
    """

    @property
    def refusal(self) -> str | None:
        """Why no orders can be sent this way, or None; known after ``open``."""
        ...

    async def open(self) -> None:
        """Launch or reach the terminal and log in; repeatable.

        Raises ``BrokerAuthFailed``, ``BrokerTimeout``, ``BrokerUnreachable``, ``InvalidRequest``, ``Conflict``.
        """
        ...

    async def close(self) -> None:
        """Let go of the terminal, which lives on. Idempotent."""
        ...

    def listen(self, listener: TerminalListener) -> None:
        """Tell ``listener`` from now on."""
        ...

    async def watch(self, symbols: frozenset[str]) -> None:
        """Have the ticks of exactly these symbols told."""
        ...

    async def call(
        self, function: str, *arguments: Argument, named: Named = NO_NAMES, urgency: Urgency = Urgency.QUERY
    ) -> Any:
        """Return what a query of the package answers, read in one step with its ``last_error``."""
        ...

    async def send(self, request: Request, *, key: str, urgency: Urgency) -> OrderSendResult:
        """Send a trade request, once, on the expected account only.

        Raises ``CallFailed`` (answered with None), ``OutcomeUnknown``, ``NotConnected`` or ``BrokerUnreachable`` (not
        sent), ``BrokerRejected`` (refused on the way, not sent).
        """
        ...


class Calls:
    """The functions the adapter uses, with their types; a failed query raises a ``BrokerError``."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal

    async def account_info(self) -> AccountInfo:
        """Return the account that the terminal is logged in to."""
        return cast(AccountInfo, await self.ask("account_info"))

    async def terminal_info(self) -> TerminalInfo:
        """Return the terminal's switches and state."""
        return cast(TerminalInfo, await self.ask("terminal_info"))

    async def symbol_info(self, symbol: str) -> SymbolInfo | None:
        """Return a symbol, None for one that the broker does not have."""
        return cast(SymbolInfo | None, await self.ask_or_none("symbol_info", symbol))

    async def symbols_get(self, group: str) -> Sequence[SymbolInfo]:
        """Return the symbols that a mask such as ``*EURUSD*`` fits."""
        return cast(
            Sequence[SymbolInfo], await self.ask("symbols_get", named={"group": group}, urgency=Urgency.HISTORY)
        )

    async def symbol_select(self, symbol: str) -> None:
        """Show a symbol in the Market Watch, without which it has no prices."""
        await self.ask("symbol_select", symbol, True)  # noqa: FBT003 - the package takes it by position only

    async def tick(self, symbol: str) -> Tick | None:
        """Return the last tick; None when there is none (yet)."""
        return cast(Tick | None, await self.ask_or_none("symbol_info_tick", symbol))

    async def orders(self, **which: Argument) -> Sequence[TradeOrder]:
        """Return the working orders."""
        return cast(Sequence[TradeOrder], await self.ask("orders_get", named=which))

    async def positions(self, **which: Argument) -> Sequence[TradePosition]:
        """Return the open positions."""
        return cast(Sequence[TradePosition], await self.ask("positions_get", named=which))

    async def history_orders(self, *interval: int, **which: Argument) -> Sequence[TradeOrder]:
        """Return ended orders set up in an interval of server seconds, or by ``ticket`` or ``position``."""
        return cast(Sequence[TradeOrder], await self.ask("history_orders_get", *interval, named=which))

    async def history_deals(self, *interval: int, **which: Argument) -> Sequence[TradeDeal]:
        """Return deals of an interval of server seconds; ``ticket`` is the ORDER's."""
        return cast(Sequence[TradeDeal], await self.ask("history_deals_get", *interval, named=which))

    async def book(self, symbol: str) -> Sequence[BookInfo] | None:
        """Return the depth of market; None when the broker has none."""
        return cast(Sequence[BookInfo] | None, await self.ask_or_none("market_book_get", symbol))

    async def ask(
        self, function: str, *arguments: Argument, named: Named = NO_NAMES, urgency: Urgency = Urgency.QUERY
    ) -> Any:
        """Call a function; every failure raises a ``BrokerError``."""
        try:
            return await self._terminal.call(function, *arguments, named=named, urgency=urgency)
        except CallFailed as failed:
            raise as_broker_error(failed) from failed

    async def ask_or_none(self, function: str, *arguments: Argument) -> Any:
        """Call a function; None when the terminal refused, an error only when it could not be reached."""
        try:
            return await self._terminal.call(function, *arguments)
        except CallFailed as failed:
            if failed.is_about_the_link:
                raise as_broker_error(failed) from failed
            return None
