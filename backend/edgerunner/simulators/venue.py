"""The simulated venue: what a broker's matching and booking core offers to its wire layer."""

from collections.abc import Mapping
from decimal import Decimal

from edgerunner.simulators.accounts import ZERO
from edgerunner.simulators.catalogue import VenueCatalogue
from edgerunner.simulators.clock import VirtualClock
from edgerunner.simulators.closed_pnl import closed_pnl
from edgerunner.simulators.dump import LedgerSnapshot, take_snapshot
from edgerunner.simulators.faults import FaultBox
from edgerunner.simulators.market_view import MarketView
from edgerunner.simulators.operator import Operator
from edgerunner.simulators.pooled_funds import PooledFunds, Valuation
from edgerunner.simulators.position_requests import PositionRequests
from edgerunner.simulators.preview import Previews
from edgerunner.simulators.sessions import Hours, Session
from edgerunner.simulators.trading import Trading
from edgerunner.simulators.venue_hand import VenueHand
from edgerunner.simulators.venue_state import VenueSettings, VenueState
from edgerunner.simulators.venue_types import (
    AccountSummary,
    CashEntry,
    ClosedPnl,
    FundingRate,
    HistoryQuery,
    Leg,
    MarginMode,
    RejectReason,
    VenueBalance,
    VenueFill,
    VenueInstrument,
    VenueOrder,
    VenuePosition,
    VenueReject,
)


class Venue:
    """One simulated broker without its wire.

    Requests (see ``Trading``): ``place amend revise preview cancel cancel_all reject count_refused_placement``; about
    positions (see ``PositionRequests``): ``set_leverage set_position_mode set_exits set_margin_mode add_margin``; data
    (see ``MarketView``): ``depth book quote step book_version last_price mark_price index_price funding_rate
    statistics_24h recent_trades bars bar``. ``operator`` and ``hand`` hold what only the broker itself can do.
    All of it is synchronous and single-threaded; every change is in the ledger before its events are told.
    """

    def __init__(self, catalogue: VenueCatalogue, faults: FaultBox, settings: VenueSettings) -> None:
        state = VenueState(catalogue, faults, settings)
        trading, requests, view = Trading(state), PositionRequests(state), MarketView(state)
        self._state = state
        self.name = state.name
        self.faults = faults
        self.instruments: Mapping[str, VenueInstrument] = state.instruments
        self.instrument, self.lot_mark, self.exchange_rate = state.instrument, state.lot_mark, state.exchange_rate
        self.clock: VirtualClock = state.clock
        self.market = state.market
        self.operator = Operator(state)
        self.hand = VenueHand(state, trading, self.operator)
        self.place, self.amend, self.cancel = trading.place, trading.amend, trading.cancel
        self.cancel_all, self.revise, self.reject = trading.cancel_all, trading.revise, trading.reject
        self.preview = Previews(state).preview
        self.set_leverage, self.set_position_mode = requests.set_leverage, requests.set_position_mode
        self.set_exits, self.set_margin_mode = requests.set_exits, requests.set_margin_mode
        self.add_margin, self.set_auto_add_margin = requests.add_margin, requests.set_auto_add_margin
        self.count_refused_placement = trading.count_refused_placement
        self.depth, self.book, self.quote = view.depth, view.book, view.quote
        self.step, self.book_version = view.step, view.book_version
        self.last_price, self.mark_price, self.index_price = view.last_price, view.mark_price, view.index_price
        self.funding_rate, self.statistics_24h = view.funding_rate, view.statistics_24h
        self.recent_trades, self.bars, self.bar = view.recent_trades, view.bars, view.bar
        self.watch, self.unwatch, self.run = state.feed.watch, state.feed.unwatch, state.feed.run
        self.active = state.feed.active
        self.add_listener, self.on_reset = state.add_listener, state.on_reset
        self.forget_history = state.forget_closed

    @property
    def accounts(self) -> list[str]:
        """Return the ids of the accounts."""
        return list(self._state.accounts)

    def keep_hours(self, hours: Hours) -> None:
        """Let orders wait outside trading hours; without this everything trades all the time."""
        self._state.routing.hours = hours

    def session(self, symbol: str, *, is_extended: bool) -> Session:
        """Return the session in which orders trade now, or else the next one."""
        return self._state.routing.hours.session(symbol, self.clock.market_ns(), is_extended=is_extended)

    @property
    def incarnation(self) -> int:
        """Return a number that changes when the ledger starts over."""
        return self._state.numbers.incarnation

    def close(self) -> None:
        """Close the ledger; the venue cannot be used any more."""
        self._state.ledger.close()

    def now_ns(self) -> int:
        """Return the time the venue stamps with: virtual, with its clock error."""
        return self.clock.now_ns()

    def wall_now_ns(self) -> int:
        """Return what the venue believes wall time is, with its clock error."""
        return self.clock.wall_ns()

    def find_order(
        self, account_id: str, *, order_id: str | None = None, client_key: str | None = None
    ) -> VenueOrder | None:
        """Return a live or recently closed order; the order id wins over the client key."""
        return self._state.account(account_id).orders.find(order_id, client_key)

    def open_orders(self, account_id: str) -> list[VenueOrder]:
        """Return the live orders, the newest first."""
        orders = self._state.account(account_id).orders.live()
        return sorted(orders, key=lambda order: order.number, reverse=True)

    def closed_orders(self, account_id: str) -> list[VenueOrder]:
        """Return the recent closed view: at most 500 orders per product, the newest closed first."""
        return self._state.account(account_id).orders.recent()

    def order_history(self, query: HistoryQuery) -> list[VenueOrder]:
        """Return orders of the full history, open ones included, the newest first."""
        return self._state.ledger.orders(query)

    def fill_history(self, query: HistoryQuery) -> list[VenueFill]:
        """Return fills of the full history, the newest first."""
        return self._state.ledger.fills(query)

    def cash_history(self, query: HistoryQuery) -> list[CashEntry]:
        """Return cash entries of the full history, the newest first."""
        return self._state.ledger.cash(query)

    def closed_history(self, query: HistoryQuery) -> list[ClosedPnl]:
        """Return what closing fills earned, the newest first."""
        return [
            closed_pnl(self.instruments[fill.symbol], fill) for fill in self._state.ledger.fills(query, closing=True)
        ]

    def funding_history(
        self, symbol: str, *, start_ns: int | None = None, end_ns: int | None = None, limit: int = 200
    ) -> list[FundingRate]:
        """Return past settlements, the newest first; none for what has no funding."""
        self._state.instrument(symbol)
        now = self.clock.market_ns()
        end = now if end_ns is None else min(end_ns, now)
        return self._state.timed.history(symbol, start_ns=start_ns, end_ns=end, limit=limit)

    def fills(self, account_id: str) -> list[VenueFill]:
        """Return every fill of an account, the newest first: reads the whole ledger."""
        return [fill for fill in self._state.ledger.all_fills() if fill.account_id == account_id][::-1]

    def cash_entries(self, account_id: str) -> list[CashEntry]:
        """Return every cash entry of an account, the newest first: reads the whole ledger."""
        return [entry for entry in self._state.ledger.all_cash() if entry.account_id == account_id][::-1]

    def legs(self, account_id: str, symbol: str) -> tuple[Leg, ...]:
        """Return the legs that orders of a symbol may name: net, or long and short in hedging mode."""
        return self._state.account(account_id).legs(symbol)

    def positions(self, account_id: str) -> list[VenuePosition]:
        """Return the open positions."""
        held = self._state.account(account_id).positions
        return [self.position(account_id, symbol, leg) for (symbol, leg), state in held.items() if state.net.lots]

    def position(self, account_id: str, symbol: str, leg: Leg = Leg.NET) -> VenuePosition:
        """Return the position in a symbol, flat when there is none."""
        return self._state.risk.view(self._state.account(account_id), self._state.instrument(symbol), leg)

    def margin_mode(self, account_id: str) -> MarginMode:
        """Return what backs an account's positions."""
        return self._state.account(account_id).margin_mode

    def position_margin(self, account_id: str, symbol: str, leg: Leg = Leg.NET) -> Decimal:
        """Return the initial margin of a position at the mark price."""
        instrument = self._state.instrument(symbol)
        return self._state.account(account_id).position_margin(instrument, self._state.lot_mark, leg)

    def unrealized_pnl(self, account_id: str, symbol: str, leg: Leg = Leg.NET) -> Decimal:
        """Return the profit of a position at the mark price, before fees."""
        return self._state.funds.unrealized_pnl(self._state.account(account_id), self._state.instrument(symbol), leg)

    def balances(self, account_id: str) -> list[VenueBalance]:
        """Return the money of an account, one row per currency."""
        account = self._state.account(account_id)
        return [
            VenueBalance(
                account_id=account_id, currency=currency, total=total, locked=account.locked.get(currency, ZERO)
            )
            for currency, total in account.balances.items()
        ]

    def summary(self, account_id: str, currency: str) -> AccountSummary:
        """Return an account's money, margin and profit in one currency."""
        return self._state.funds.summary(self._state.account(account_id), currency)

    def value(self, account_id: str) -> Valuation:
        """Return what an account is worth that counts in one base currency; raises ``VenueReject`` for others."""
        funds = self._state.funds
        if not isinstance(funds, PooledFunds):
            raise VenueReject(RejectReason.UNSUPPORTED, f"accounts of {self.name} have no base currency")
        return funds.value(self._state.account(account_id))

    def dump(self) -> dict[str, object]:
        """Return the ledger for a test that compares: see ``dump.py``."""
        return self.snapshot().render()

    def snapshot(self) -> LedgerSnapshot:
        """Return the ledger at this moment, to be rendered anywhere, another thread included."""
        return take_snapshot(self._state)
