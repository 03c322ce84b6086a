"""The simulated MetaTrader 5 broker without its wire: symbols, prices, accounts, orders, and its ledger."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

from edgerunner.simulators.clock import VirtualClock
from edgerunner.simulators.faults import FaultBox
from edgerunner.simulators.ledger_file import Placement
from edgerunner.simulators.mt5.broker_state import BrokerState, Listener
from edgerunner.simulators.mt5.dump import Mt5Snapshot, take_snapshot
from edgerunner.simulators.mt5.ledger import HistoryWish
from edgerunner.simulators.mt5.operator import Mt5Hand, Mt5Operator
from edgerunner.simulators.mt5.settings import BROKER, Mt5Settings
from edgerunner.simulators.mt5.stepping import Stepper
from edgerunner.simulators.mt5.symbols.listing import ListedSymbol
from edgerunner.simulators.mt5.symbols.market_data import BookLevel, UnknownSymbol
from edgerunner.simulators.mt5.symbols.prices import SymbolTick
from edgerunner.simulators.mt5.symbols.rows import BarColumns, TickColumns
from edgerunner.simulators.mt5.symbols.symbol_values import SymbolValues, symbol_values
from edgerunner.simulators.mt5.symbols.ticks import shifted
from edgerunner.simulators.mt5.trade_server.values import (
    Account,
    AccountValue,
    Changes,
    CheckResult,
    Deal,
    Order,
    Position,
    TradeRequest,
    TradeResult,
)
from edgerunner.simulators.mt5.trade_server.words import OrderType, TradeAction
from edgerunner.simulators.venue_state import VenueSettings

__all__ = ["Mt5Venue", "UnknownSymbol"]

PLACEMENTS: Final = frozenset({TradeAction.DEAL, TradeAction.PENDING, TradeAction.CLOSE_BY})
"""Requests that bring an order: the ledger counts them by their comment."""

_ORDER_TYPES: Final = frozenset(map(int, OrderType))


class Mt5Venue:
    """The broker as its terminals and the control port see it.

    Times are UTC nanoseconds, prices, volumes (lots) and money Decimals; only bars are aligned to the server's wall
    clock. A symbol that is not listed raises ``UnknownSymbol``, a login that does not exist ``KeyError``. All of it is
    synchronous and single-threaded; every change is in the ledger before it is told. ``operator`` and ``hand`` hold
    what only the broker itself can do.
    """

    def __init__(self, faults: FaultBox, settings: VenueSettings, mt5: Mt5Settings | None = None) -> None:
        state = BrokerState(faults, settings, mt5 or Mt5Settings())
        self._state = state
        self._stepper = Stepper(state)
        self.name = BROKER
        self.faults = faults
        self.settings = state.settings
        self.clock: VirtualClock = state.clock
        self.instruments: Mapping[str, ListedSymbol] = state.symbols
        self.zone = state.zone
        self.operator = Mt5Operator(state, self._stepper)
        self.hand = Mt5Hand(state, self._stepper)
        self.add_listener: Callable[[Listener], Callable[[], None]] = state.add_listener
        self.on_reset = state.on_reset
        self.run = self._stepper.run

    @property
    def accounts(self) -> list[str]:
        """Return the logins."""
        return [str(login) for login in self._state.server.logins]

    def now_ns(self) -> int:
        """Return the time that the server stamps with."""
        return self._state.now_ns()

    def close(self) -> None:
        """Close the ledger; the venue cannot be used any more."""
        self._state.ledger.close()

    def snapshot(self) -> Mt5Snapshot:
        """Return the ledger at this moment, to be rendered anywhere, another thread included."""
        self._stepper.advance()
        return take_snapshot(self._state)

    # symbols

    def symbol_names(self) -> Sequence[str]:
        """Return the names of all symbols."""
        return list(self._state.symbols)

    def has_symbol(self, symbol: str) -> bool:
        """Tell whether a symbol of exactly this name is listed."""
        return symbol in self._state.symbols

    def symbol_values(self, symbol: str) -> SymbolValues:
        """Return the values of a symbol by their names in ``SymbolInfo``; see ``symbols/symbol_values.py``."""
        self._state.data.find(symbol)
        error = self._state.clock.ahead_ns()
        return symbol_values(symbol, self._state.data, self._state.quotes(), clock_error_ns=error)

    def is_open(self, symbol: str) -> bool:
        """Tell whether a symbol can be traded now: a session is on and trading is not halted."""
        self._state.data.find(symbol)
        return self._state.data.prices.is_open(symbol, self._state.clock.market_ns())

    def tick(self, symbol: str) -> SymbolTick:
        """Return the last tick as shown; a bad tick makes its prices absurd."""
        self._state.data.find(symbol)
        tick = self._state.data.tick(symbol)
        return replace(tick, time_ns=tick.time_ns + self._state.clock.ahead_ns())

    def book(self, symbol: str) -> list[BookLevel]:
        """Return the depth: sells from the highest price, then buys; empty where the broker shows none."""
        return self._state.data.book(symbol)

    def ticks_from(self, symbol: str, from_ns: int, count: int) -> TickColumns:
        """Return the first ``count`` ticks from a moment on, at most up to now."""
        error = self._state.clock.ahead_ns()
        return shifted(self._state.data.ticks_from(symbol, from_ns - error, count), error)

    def ticks_range(self, symbol: str, from_ns: int, to_ns: int, limit: int | None = None) -> TickColumns:
        """Return the ticks of a span, both ends included; of more than ``limit`` the oldest."""
        error = self._state.clock.ahead_ns()
        return shifted(self._state.data.ticks_range(symbol, from_ns - error, to_ns - error, limit), error)

    async def prepare_ticks(self, symbol: str, from_ns: int, to_ns: int, *, count: int | None = None) -> None:
        """Make the ticks of a span (the first ``count`` of them) in advance, and let others work in between."""
        await self._state.data.prepare_ticks(symbol, from_ns, to_ns, count=count)

    def bars_back(
        self, symbol: str, timeframe: int, *, until_ns: int | None = None, skip: int = 0, count: int
    ) -> BarColumns:
        """Return ``count`` bars, oldest first: the latest is ``skip`` bars before the one open at ``until_ns`` (now).

        ``timeframe`` is a ``TIMEFRAME_*`` constant; raises ``ValueError`` for another number.
        """
        return self._state.data.bars_back(symbol, timeframe, until_ns=until_ns, skip=skip, count=count)

    # trading

    def send(
        self, login: int, request: TradeRequest, *, fill_limit: Decimal | None = None, comment: str | None = None
    ) -> TradeResult:
        """Carry out a request of a client's program, or refuse it with a retcode; see ``TradeServer.send``."""
        self._stepper.advance()
        result, changes = self._state.server.send(
            login, request, self._state.quotes(), self.now_ns(), fill_limit=fill_limit, comment=comment
        )
        if request.action in PLACEMENTS and request.comment:
            reason = None if result.retcode.is_success else f"{int(result.retcode)} {result.comment}"
            self._state.commit(changes, _placement(login, request.comment, request.symbol, reason))
        else:
            self._state.commit(changes)
        return result

    def check(self, login: int, request: TradeRequest) -> CheckResult:
        """Tell what ``send`` would answer."""
        self._stepper.advance()
        return self._state.server.check(login, request, self._state.quotes(), self.now_ns())

    def count_refused_placement(self, login: int, client_key: str, symbol: str, reason: str) -> None:
        """Count a request that never reached ``send`` although the server got it."""
        if client_key:
            self._state.commit(Changes(), _placement(login, client_key, symbol, reason))

    def calc_margin(self, login: int, action: int, symbol: str, *, volume: Decimal, price: Decimal) -> Decimal | None:
        """Return the margin of an order (``action`` = ``ORDER_TYPE_*``), deposit currency; None when there is none."""
        if action not in _ORDER_TYPES:
            return None
        quotes = self._state.quotes()
        return self._state.server.calc_margin(
            login, OrderType(action), quotes, symbol=symbol, volume=volume, price=price
        )

    def calc_profit(
        self, login: int, action: int, symbol: str, *, volume: Decimal, price_open: Decimal, price_close: Decimal
    ) -> Decimal | None:
        """Return the profit between two prices, deposit currency; None when there is none."""
        if action not in _ORDER_TYPES:
            return None
        return self._state.server.calc_profit(
            login,
            OrderType(action),
            self._state.quotes(),
            symbol=symbol,
            volume=volume,
            price_open=price_open,
            price_close=price_close,
        )

    def account(self, login: int) -> Account:
        """Return the terms and the booked money of an account."""
        self._stepper.advance()
        return self._state.server.account(login)

    def account_value(self, login: int) -> AccountValue:
        """Return the figures of an account at the prices of now."""
        self._stepper.advance()
        return self._state.server.value(login, self._state.quotes())

    def positions(self, login: int) -> Sequence[Position]:
        """Return the open positions at the prices of now, oldest ticket first."""
        self._stepper.advance()
        return self._state.server.positions(login, self._state.quotes())

    def orders(self, login: int) -> Sequence[Order]:
        """Return the active orders, oldest ticket first."""
        self._stepper.advance()
        return self._state.server.orders(login, self._state.quotes())

    def history_orders(
        self,
        login: int,
        *,
        from_ns: int | None = None,
        to_ns: int | None = None,
        ticket: int | None = None,
        position: int | None = None,
    ) -> list[Order]:
        """Return the orders that are done, oldest ticket first; times are those at which they were done."""
        self._stepper.advance()
        wish = HistoryWish(login=login, from_ns=from_ns, to_ns=to_ns, order=ticket, position=position)
        return self._state.ledger.history_orders(wish)

    def history_deals(
        self,
        login: int,
        *,
        from_ns: int | None = None,
        to_ns: int | None = None,
        order: int | None = None,
        position: int | None = None,
    ) -> list[Deal]:
        """Return the deals, oldest ticket first; ``order`` is the ticket of an order."""
        self._stepper.advance()
        wish = HistoryWish(login=login, from_ns=from_ns, to_ns=to_ns, order=order, position=position)
        return self._state.ledger.history_deals(wish)


def _placement(login: int, client_key: str, symbol: str, reason: str | None) -> Placement:
    return Placement(account_id=str(login), client_key=client_key, symbol=symbol, reason=reason)
