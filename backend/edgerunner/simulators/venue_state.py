"""Everything a venue knows, put together from its catalogue and ledger, and the one way to change it."""

import secrets
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from pathlib import Path

from edgerunner.domain.numbers import exact_arithmetic, round_money
from edgerunner.simulators.accounts import Account
from edgerunner.simulators.aftermath import Aftermath
from edgerunner.simulators.books import SymbolBook
from edgerunner.simulators.catalogue import VenueCatalogue
from edgerunner.simulators.engine import Engine
from edgerunner.simulators.exits import ExitKeeper
from edgerunner.simulators.faults import FaultBox
from edgerunner.simulators.feed import MarketFeed
from edgerunner.simulators.funds import Funds
from edgerunner.simulators.groups import Groups
from edgerunner.simulators.ledger import Ledger
from edgerunner.simulators.market import Market, MarketControl
from edgerunner.simulators.order_factory import OrderFactory
from edgerunner.simulators.order_index import RECENT_ORDERS
from edgerunner.simulators.path import STEP_NS
from edgerunner.simulators.pooled_funds import PooledFunds
from edgerunner.simulators.reactions import Reactions
from edgerunner.simulators.replay import Recording
from edgerunner.simulators.risk import Risk
from edgerunner.simulators.routing import Routing
from edgerunner.simulators.settlement import Settlement
from edgerunner.simulators.timed import TimedSettlements
from edgerunner.simulators.triggers import Triggers
from edgerunner.simulators.venue_memory import (
    clock_error_ns,
    restore_controls,
    store_clock,
    store_new_seed,
    stored_clock,
    stored_seed,
)
from edgerunner.simulators.venue_types import RejectReason, VenueEvent, VenueInstrument, VenueReject
from edgerunner.simulators.work import Numbers, Work

DOLLAR_COINS = frozenset({"USD", "USDT", "USDC"})
_RESTORED_CLOSED = 10 * RECENT_ORDERS


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueSettings:
    """How a venue runs.

    Attributes:
        ledger_path: File of the ledger; None keeps everything in memory.
        wall: Wall clock, UTC nanoseconds.
        seed: Seed of the market; None = as before, or 1.
        speed: Virtual seconds per wall second.
    """

    ledger_path: Path | None
    wall: Callable[[], int]
    seed: int | None = None
    speed: float = 1


class VenueState:
    """Accounts, books, market, clock and ledger of one venue."""

    def __init__(self, catalogue: VenueCatalogue, faults: FaultBox, settings: VenueSettings) -> None:
        self.name = catalogue.broker
        self.catalogue = catalogue
        self.faults = faults
        self.instruments = {instrument.symbol: instrument for instrument in catalogue.instruments}
        self.ledger = Ledger(settings.ledger_path)
        self.clock = stored_clock(
            self.ledger, settings.wall, speed=settings.speed, error_ns=partial(clock_error_ns, faults, self.name)
        )
        self.market = Market(stored_seed(self.ledger, settings.seed), catalogue.markets)
        self.accounts: dict[str, Account] = {}
        self.books: dict[str, SymbolBook] = {}
        self._listeners: list[Callable[[VenueEvent], None]] = []
        self._reset_listeners: list[Callable[[], None]] = []
        self._queue: deque[VenueEvent] = deque()
        self._telling = False
        self.numbers = Numbers(self._incarnation(), self.ledger.counters(), catalogue.identifiers)
        self.settlement = Settlement(self.accounts, self.clock, self.numbers, self.dollar_price)
        self.engine = Engine(
            instruments=self.instruments,
            accounts=self.accounts,
            books=self.books,
            clock=self.clock,
            settlement=self.settlement,
        )
        self.funds = self._funds()
        self.factory = OrderFactory(self.clock, self.numbers, self.mark_ticks)
        self.exits = ExitKeeper(
            instruments=self.instruments, accounts=self.accounts, engine=self.engine, factory=self.factory
        )
        self.triggers = Triggers(
            instruments=self.instruments,
            accounts=self.accounts,
            engine=self.engine,
            funds=self.funds,
            index_price=self.index_price,
        )
        self.routing = Routing(
            self.accounts,
            engine=self.engine,
            triggers=self.triggers,
            funds=self.funds,
            mark_ticks=self.mark_ticks,
        )
        self.aftermath = Aftermath(
            exits=self.exits,
            groups=Groups(self.accounts, self.engine),
            routing=self.routing,
            triggers=self.triggers,
            now_ns=self.clock.market_ns,
        )
        self.risk = Risk(
            instruments=self.instruments,
            accounts=self.accounts,
            engine=self.engine,
            funds=self.funds,
            factory=self.factory,
            mark_ticks=self.mark_ticks,
        )
        self.timed = TimedSettlements(
            instruments=self.instruments,
            accounts=self.accounts,
            market=self.market,
            ledger=self.ledger,
            engine=self.engine,
            settlement=self.settlement,
            factory=self.factory,
            commit=self.commit,
        )
        self._restore()
        self.feed = MarketFeed(
            market=self.market,
            clock=self.clock,
            books=self.books,
            reactions=Reactions(
                self.accounts,
                engine=self.engine,
                routing=self.routing,
                triggers=self.triggers,
                aftermath=self.aftermath,
                risk=self.risk,
            ),
            on_time=self.timed.advance,
            commit=self.commit,
        )

    def instrument(self, symbol: str) -> VenueInstrument:
        """Return an instrument, listed now if need be; raises ``VenueReject`` (unknown_symbol)."""
        found = self.instruments.get(symbol) or self.list(symbol)
        if found is None:
            raise VenueReject(RejectReason.UNKNOWN_SYMBOL, f"{self.name} lists no {symbol}")
        return found

    def list(self, word: str) -> VenueInstrument | None:
        """List an instrument that trades once it is asked for, by symbol, name or id; None when there is none."""
        found = self.catalogue.find(word)
        if found is None:
            return None
        instrument, profile = found
        if instrument.symbol not in self.instruments:
            self.market.add(profile)
            self.books[instrument.symbol] = SymbolBook(instrument.symbol, self.market)
            self.instruments[instrument.symbol] = instrument
            self.timed.listed()
        return self.instruments[instrument.symbol]

    def account(self, account_id: str) -> Account:
        """Return an account; raises ``VenueReject`` (unknown_account)."""
        found = self.accounts.get(account_id)
        if found is None:
            raise VenueReject(RejectReason.UNKNOWN_ACCOUNT, f"{self.name} has no account {account_id}")
        return found

    def step(self) -> int:
        """Return the current market step."""
        return self.clock.market_ns() // STEP_NS

    def moment(self) -> tuple[int, ...]:
        """Return what changes whenever a mark price or a booked number may have changed."""
        return self.step(), self.market.version, *self.numbers.state

    def mark_ticks(self, symbol: str) -> int:
        """Return the mark price in ticks."""
        return self.market.price(symbol, self.step())

    def lot_mark(self, symbol: str) -> Decimal:
        """Return what one lot is worth at the mark price, settle currency."""
        return self.instruments[symbol].value(self.mark_ticks(symbol), 1)

    def index_price(self, symbol: str) -> Decimal:
        """Return the price of the underlying on the spot market."""
        index = self.instrument(symbol).index_symbol or self.catalogue.index_symbols.get(symbol, symbol)
        return self.instruments[index].price(self.mark_ticks(index))

    def dollar_price(self, coin: str) -> Decimal:
        """Return what a coin costs: 1 for dollar coins, else its price on the spot market; raises ``VenueReject``."""
        if coin in DOLLAR_COINS:
            return Decimal(1)
        for instrument in self.instruments.values():
            terms = instrument.instrument
            if instrument.is_spot and terms.base == coin and terms.quote in DOLLAR_COINS:
                return instrument.price(self.mark_ticks(instrument.symbol))
        raise VenueReject(RejectReason.UNSUPPORTED, f"{self.name} has no spot market that prices {coin}")

    def open_account(self, account_id: str) -> None:
        """Open another account, durably, with what the first one started with; one that exists stays as it is."""
        if account_id in self.accounts:
            return
        work = Work()
        self.accounts[account_id] = Account(account_id)
        self._open_account(work, account_id, next(iter(self.catalogue.accounts.values())))
        self.commit(work)

    def exchange_rate(self, currency: str) -> Decimal:
        """Return the price of a currency in the base currency, rounded to 18 decimals; raises ``VenueReject``."""
        base = self.catalogue.base_currency or currency
        if currency == base:
            return Decimal(1)
        for instrument in self.instruments.values():
            terms = instrument.instrument
            if instrument.exchanges_money and {terms.base, terms.quote} == {base, currency}:
                price = instrument.price(self.mark_ticks(instrument.symbol))
                with exact_arithmetic():
                    return price if terms.quote == base else round_money(1 / price)
        raise VenueReject(RejectReason.UNSUPPORTED, f"{self.name} has no pair that prices {currency}")

    def commit(self, work: Work) -> None:
        """Make a change durable, then tell it; events that a listener causes are told after it."""
        with exact_arithmetic():
            self.aftermath.follow(work)
            self.engine.finish(work, self.risk.view)
        if work.transaction:
            self.ledger.commit(work.transaction)
        self._queue.extend(work.events)
        if self._telling:
            return
        self._telling = True
        try:
            while self._queue:
                event = self._queue.popleft()
                for listener in tuple(self._listeners):
                    listener(event)
        finally:
            self._telling = False

    def add_listener(self, listener: Callable[[VenueEvent], None]) -> Callable[[], None]:
        """Tell ``listener`` every event from now on, synchronously; the returned function ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def on_reset(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` after every ``reset``."""
        self._reset_listeners.append(listener)

    def control(self, control: MarketControl, recording: Recording | None = None) -> None:
        """Act on the market, durably and at once."""
        self.feed.advance(control.symbol)
        self.market.apply(control, recording)
        self.ledger.add_control(control)
        self.feed.advance(control.symbol, again=True)

    def forget_closed(self) -> None:
        """Empty the recent closed views, durably."""
        self.ledger.put("forgotten", str(self.numbers.sequence))
        for account in self.accounts.values():
            account.orders.forget_closed()

    def reset(self, seed: int) -> None:
        """Start over: empty ledger, start balances, another seed. Listeners and watches stay."""
        store_new_seed(self.ledger, seed)
        self.clock.restart()
        store_clock(self.ledger, self.clock)
        self.market.reset(seed)
        self.numbers.restart(self._incarnation(), self.ledger.counters())
        self._restore()
        for listener in self._reset_listeners:
            listener()

    def _restore(self) -> None:
        """Fill accounts, books and market from the ledger."""
        self.accounts.clear()
        self.accounts.update({account_id: Account(account_id) for account_id in self.catalogue.accounts})
        self.books.clear()
        self.books.update({symbol: SymbolBook(symbol, self.market) for symbol in self.instruments})
        for symbol in self.ledger.symbols():
            self.instrument(symbol)
        balances = self.ledger.balances()
        if not balances:
            self._open_accounts()
        for (account_id, currency), total in balances.items():
            self.accounts.setdefault(account_id, Account(account_id))
            self.accounts[account_id].balances[currency] = total
        for (account_id, symbol, leg), state in self.ledger.positions().items():
            self.accounts[account_id].positions[symbol, leg] = state
        for (account_id, key), value in self.ledger.settings().items():
            self.accounts[account_id].choose(key, value)
        forgotten = int(self.ledger.get("forgotten") or 0)
        for order in (*self.ledger.closed_since(forgotten, _RESTORED_CLOSED), *self.ledger.live_orders()):
            self.accounts[order.account_id].track(self.instruments[order.symbol], None, order)
            if order.live and not order.is_waiting:
                self.engine.rest(order)
        restore_controls(self.ledger, self.market, lambda symbol: self.instruments[symbol].name)
        self.timed.restore(self.clock.market_ns())

    def _open_accounts(self) -> None:
        work = Work()
        for account_id, money in self.catalogue.accounts.items():
            self._open_account(work, account_id, money)
        self.ledger.commit(work.transaction)

    def _open_account(self, work: Work, account_id: str, money: Mapping[str, Decimal]) -> None:
        for currency, amount in money.items():
            self.settlement.move(work, account_id, currency, amount, kind="start")

    def _funds(self) -> Funds:
        base = self.catalogue.base_currency
        if base is None:
            return Funds(self.instruments, self.lot_mark)
        return PooledFunds(
            self.instruments,
            self.lot_mark,
            base=base,
            rate=self.exchange_rate,
            index_price=self.index_price,
            moment=self.moment,
        )

    def _incarnation(self) -> int:
        stored = self.ledger.get("incarnation")
        if stored is None:
            stored = str(secrets.randbits(63))
            self.ledger.put("incarnation", stored)
        return int(stored)
