"""Everything the simulated MetaTrader 5 broker knows, put together from its ledger, and the one way to change it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from functools import partial
from typing import Final

from edgerunner.simulators.faults import FaultBox
from edgerunner.simulators.ledger_file import Placement
from edgerunner.simulators.market import Market, MarketControl
from edgerunner.simulators.mt5.ledger import Mt5Ledger
from edgerunner.simulators.mt5.settings import BROKER, HEDGING_LOGIN, NETTING_LOGIN, Mt5Settings
from edgerunner.simulators.mt5.symbols.listing import listed_symbols
from edgerunner.simulators.mt5.symbols.market_data import MarketData
from edgerunner.simulators.mt5.symbols.server_time import ServerZone
from edgerunner.simulators.mt5.trade_server.server import TradeServer
from edgerunner.simulators.mt5.trade_server.values import Account, Changes, Quote, Quotes
from edgerunner.simulators.mt5.trade_server.words import MarginMode
from edgerunner.simulators.path import STEP_NS
from edgerunner.simulators.replay import Recording
from edgerunner.simulators.venue_memory import (
    clock_error_ns,
    restore_controls,
    store_clock,
    store_new_seed,
    stored_clock,
    stored_seed,
)
from edgerunner.simulators.venue_state import VenueSettings

FIRST_DEPOSIT: Final = Decimal(100_000)
_ACCOUNTS: Final = (
    Account(login=HEDGING_LOGIN, margin_mode=MarginMode.RETAIL_HEDGING),
    Account(login=NETTING_LOGIN, margin_mode=MarginMode.RETAIL_NETTING),
)
_DAY: Final = "day"
"""Under this word the ledger keeps when the server's day began that has not ended yet."""
_VISITED: Final = "visited_step"
"""And under this one the last market step whose quotes had reached everything, at the time of the last change."""

Listener = Callable[[Changes], None]
Thing = tuple[int, int]
"""(login, ticket)."""


class QuotesAt(Mapping[str, Quote]):
    """The quotes of all symbols at one moment; each is computed when it is asked for."""

    def __init__(self, names: Iterable[str], quote: Callable[[str], Quote]) -> None:
        self._names = tuple(names)
        self._quote = quote
        self._known: dict[str, Quote] = {}

    def __getitem__(self, symbol: str) -> Quote:
        if symbol not in self._known:
            if symbol not in self._names:
                raise KeyError(symbol)
            self._known[symbol] = self._quote(symbol)
        return self._known[symbol]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, symbol: object) -> bool:
        return symbol in self._names


class BrokerState:
    """Clock, market, trade server and ledger of the broker."""

    def __init__(self, faults: FaultBox, settings: VenueSettings, mt5: Mt5Settings) -> None:
        self.name = BROKER
        self.faults = faults
        self.settings = mt5
        self.zone = ServerZone(mt5.server_zone)
        self.symbols = {
            each.name: each
            for each in listed_symbols(execution=mt5.execution, filling=mt5.filling, keeps_hours=mt5.keeps_hours)
        }
        self.ledger = Mt5Ledger(settings.ledger_path)
        error = partial(clock_error_ns, faults, BROKER)
        self.clock = stored_clock(self.ledger, settings.wall, speed=settings.speed, error_ns=error)
        self.market = Market(stored_seed(self.ledger, settings.seed), [each.market for each in self.symbols.values()])
        self._listeners: list[Listener] = []
        self._reset_listeners: list[Callable[[], None]] = []
        self._restore()

    def now_ns(self) -> int:
        """Return the time that the server stamps with."""
        return self.clock.now_ns()

    def quotes(self, step: int | None = None) -> Quotes:
        """Return the quotes of a market step (None = the one that runs)."""
        at = self.clock.market_ns() // STEP_NS if step is None else step
        return QuotesAt(self.symbols, lambda symbol: self.data.prices.quote(symbol, at))

    def held_symbols(self) -> set[str]:
        """Return the symbols in which anybody has a position or an active order."""
        return {*self._positions.values(), *self._orders.values()}

    def commit(self, changes: Changes, *placements: Placement) -> None:
        """Make a change durable, then tell it."""
        if not (changes or placements):
            return
        self.ledger.commit(changes, placements, {_VISITED: str(self.visited_step)})
        self._note(changes)
        if changes:
            for listener in tuple(self._listeners):
                listener(changes)

    def end_day(self, midnight_ns: int, quotes: Quotes) -> None:
        """End the server's day, durably: swaps, orders of a day."""
        weekday = self.zone.weekday(midnight_ns - 1)
        self.commit(self.server.on_day(quotes, midnight_ns + self.clock.ahead_ns(), weekday=weekday))
        self.ledger.put(_DAY, str(midnight_ns))

    def day_start_ns(self) -> int:
        """Return when the server's day began that has not been ended, UTC."""
        stored = self.ledger.get(_DAY)
        if stored is None:
            stored = str(self.zone.midnight_before(self.clock.market_ns()))
            self.ledger.put(_DAY, stored)
        return int(stored)

    def add_listener(self, listener: Listener) -> Callable[[], None]:
        """Tell ``listener`` every change from now on, synchronously; the returned function ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def on_reset(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` after every ``reset``."""
        self._reset_listeners.append(listener)

    def control(self, control: MarketControl, recording: Recording | None = None) -> None:
        """Act on the market, durably."""
        self.market.apply(control, recording)
        self.ledger.add_control(control)

    def forget_history(self) -> None:
        """Hide what is done by now from histories, durably."""
        self.ledger.hide_history()
        for login in self.server.logins:
            self.server.forget_done_orders(login)

    def reset(self, seed: int) -> None:
        """Start over: empty ledger, first deposits, another seed. Listeners stay."""
        store_new_seed(self.ledger, seed)
        self.clock.restart()
        store_clock(self.ledger, self.clock)
        self.market.reset(seed)
        self._restore()
        for listener in tuple(self._reset_listeners):
            listener()

    def _restore(self) -> None:
        restore_controls(self.ledger, self.market, str)
        self.data = MarketData(self.market, self.symbols.values(), self.zone, self.clock.market_ns)
        self._positions: dict[Thing, str] = {}
        self._orders: dict[Thing, str] = {}
        self.visited_step = int(self.ledger.get(_VISITED) or self.data.prices.now_step() - 1)
        states = self.ledger.states()
        self.server = TradeServer(
            {name: each.terms for name, each in self.symbols.items()},
            states,
            tickets=self.ledger.tickets(),
            day_start_ns=self.day_start_ns(),
        )
        for state in states:
            self._note(Changes(orders=state.orders, positions=state.positions))
        for account in _ACCOUNTS if not states else ():
            self.commit(self.server.open_account(account, FIRST_DEPOSIT, self.now_ns()))

    def _note(self, changes: Changes) -> None:
        for thing in changes.closed:
            self._positions.pop(thing, None)
        for position in changes.positions:
            self._positions[position.login, position.ticket] = position.symbol
        for order in changes.orders:
            if order.is_active:
                self._orders[order.login, order.ticket] = order.symbol
            else:
                self._orders.pop((order.login, order.ticket), None)
