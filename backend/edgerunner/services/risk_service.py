"""The gate of every order: states and limits by scope, kept over restarts, and the watch over losses."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Protocol

import structlog

from edgerunner.domain.errors import EdgerunnerError, JournalUnavailable
from edgerunner.domain.instruments import Instrument
from edgerunner.domain.orders import Denial, Order, OrderTerms
from edgerunner.risk.checks import check, check_change, loss_reached
from edgerunner.risk.facts import EquityFacts, Facts, WorkingOrder
from edgerunner.risk.hours import is_open
from edgerunner.risk.limits import DEFAULT_LIMITS, RiskLimits, TradingState, strictest, strictest_state
from edgerunner.risk.scopes import EVERYTHING, Scope, parse_scope
from edgerunner.services.alert_service import AlertLevel, AlertService
from edgerunner.services.clock import Clock
from edgerunner.services.ending import end_task
from edgerunner.services.loss_watch import OUTSIDE_MONEY, LossWatch
from edgerunner.services.order_checks import Changes
from edgerunner.services.risk_facts import AccountBook, PendingOrder, RiskBook, account_book
from edgerunner.services.risk_quotes import RiskQuotes
from edgerunner.services.session import Session
from edgerunner.storage.risk_store import StoredScope
from edgerunner.storage.values import Commit

WATCH_EVERY_S = 1.0
SAVE_EVERY_NS = 10_000_000_000
REMEMBERED_ORDERS = 10_000
"""Most order times per account that the rate is counted from; the rate limit cannot be higher."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeView:
    """One scope's own state and limits."""

    scope: Scope
    state: TradingState
    reason: str | None
    actor: str
    changed_at_ns: int
    limits: RiskLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRisk:
    """What holds for one account, and how much of it is used; None = not known."""

    connection_id: str
    account_id: str
    currency: str
    state: TradingState
    limits: RiskLimits
    equity: EquityFacts
    open_orders: int
    exposure: Decimal | None
    orders_last_second: int


class ScopeStore(Protocol):
    """Where scopes are kept."""

    async def scopes(self) -> list[StoredScope]:
        """Return every scope that was ever changed."""
        ...

    async def save_scope(self, scope: StoredScope) -> None:
        """Store a scope."""
        ...


class LiveSessions(Protocol):
    """The running connections."""

    def sessions(self) -> list[Session]:
        """Return every session that is open."""
        ...


class WatchedBook(RiskBook, Protocol):
    """The journal, as far as risk reads and follows it."""

    def add_listener(self, listener: Callable[[Commit], None]) -> Callable[[], None]:
        """Call ``listener`` after each commit; returns how to stop that."""
        ...


class RiskService:
    """Decides about orders and keeps limits, states and loss baselines; ``start`` and ``stop`` bound its task."""

    def __init__(
        self,
        *,
        store: ScopeStore,
        losses: LossWatch,
        journal: WatchedBook,
        connections: LiveSessions,
        quotes: RiskQuotes,
        alerts: AlertService,
        clock: Clock,
    ) -> None:
        self._store = store
        self._losses = losses
        self._journal = journal
        self._connections = connections
        self._quotes = quotes
        self._alerts = alerts
        self._clock = clock
        self._scopes: dict[Scope, ScopeView] = {}
        self._pending: dict[int, PendingOrder] = {}
        self._made_ns: dict[tuple[str, str], deque[int]] = {}
        self._listeners: list[Callable[[ScopeView], None]] = []
        self._unfollow: Callable[[], None] = lambda: None
        self._watcher: asyncio.Task[None] | None = None
        self._saved_ns = 0

    async def start(self) -> None:
        """Load what was set before and begin to watch losses; raises ``JournalUnavailable``.

        Orders are refused by nobody else: start this before anything that places them.
        """
        for stored in await self._store.scopes():
            scope = parse_scope(stored.scope)
            self._scopes[scope] = ScopeView(
                scope=scope,
                state=stored.state,
                reason=stored.reason,
                actor=stored.actor,
                changed_at_ns=stored.changed_at_ns,
                limits=stored.limits,
            )
        await self._losses.load()
        self._unfollow = self._journal.add_listener(self._on_commit)
        self._watcher = asyncio.create_task(self._watch(), name="loss-watch")

    async def stop(self) -> None:
        """End the watch and write the newest baselines."""
        self._unfollow()
        await end_task(self._watcher)
        with suppress(JournalUnavailable):
            await self._losses.save()

    async def decide(
        self,
        session: Session,
        account_id: str,
        terms: OrderTerms,
        instrument: Instrument,
        *,
        strategy_id: str | None = None,
        is_exit: bool = False,
    ) -> Denial | None:
        """Return why an order may not be sent, or None.

        Nothing is awaited between the answer and the caller's next step, so a caller that reserves
        at once (``reserve``) cannot be overtaken by another order.
        """
        quote = await self._quotes.quote(session, terms.instrument_id) if not terms.reduce_only else None
        facts = self._facts(session, account_id, terms, instrument, strategy_id=strategy_id)
        return check(terms, instrument.contract, replace(facts, quote=quote, is_exit=is_exit))

    @contextmanager
    def reserve(self, session: Session, account_id: str, terms: OrderTerms) -> Iterator[None]:
        """Count an order that was let through until the journal has it."""
        now_ns = self._clock.now_ns()
        pending = PendingOrder(
            connection_id=session.connection_id,
            account_id=account_id,
            order=WorkingOrder(terms=terms, left=terms.quantity, created_at_ns=now_ns),
        )
        made = self._made_ns.setdefault((session.connection_id, account_id), deque(maxlen=REMEMBERED_ORDERS))
        made.append(now_ns)
        self._pending[id(pending)] = pending
        try:
            yield
        finally:
            del self._pending[id(pending)]

    async def decide_change(
        self, session: Session, order: Order, changes: Changes, instrument: Instrument
    ) -> Denial | None:
        """Return why a working order may not be changed, or None."""
        terms = order.terms
        after = replace(
            terms,
            quantity=changes.quantity or terms.quantity,
            price=changes.price or terms.price,
            trigger_price=changes.trigger_price or terms.trigger_price,
        )
        quote = await self._quotes.quote(session, terms.instrument_id) if not terms.reduce_only else None
        facts = self._facts(session, order.account_id, after, instrument, strategy_id=order.strategy_id)
        others = [
            other for other in facts.working if (other.terms, other.created_at_ns) != (terms, order.created_at_ns)
        ]
        return check_change(terms, after, instrument.contract, replace(facts, quote=quote, working=others))

    async def set_state(self, scope: Scope, state: TradingState, *, actor: str, reason: str | None) -> ScopeView:
        """Halt, limit or release a scope: at once in memory, then on disk.

        Raises ``JournalUnavailable`` when it could not be written; it holds until the process ends
        all the same.
        """
        view = replace(self._own(scope), state=state, reason=reason, actor=actor, changed_at_ns=self._clock.now_ns())
        await self._set(view)
        level = AlertLevel.INFO if state is TradingState.ACTIVE else AlertLevel.CRITICAL
        because = f": {reason}" if reason else ""
        self._alerts.raise_alert(
            level, f"trading_{state}", f"{scope} is {state}{because} ({actor}).", scope.connection_id
        )
        return view

    async def set_limits(self, scope: Scope, limits: RiskLimits, *, actor: str) -> ScopeView:
        """Replace the limits of a scope; raises ``JournalUnavailable``, and nothing is changed then."""
        before = self._scopes.get(scope)
        view = replace(self._own(scope), limits=limits, actor=actor, changed_at_ns=self._clock.now_ns())
        try:
            await self._set(view)
        except JournalUnavailable:
            if before is None:
                self._scopes.pop(scope, None)
            else:
                self._scopes[scope] = before
            raise
        return view

    def scopes(self) -> list[ScopeView]:
        """Return everything that was ever set; ``all`` is always there."""
        known = {EVERYTHING: self._own(EVERYTHING), **self._scopes}
        return sorted(known.values(), key=lambda view: str(view.scope))

    def accounts(self) -> list[AccountRisk]:
        """Return what holds for each account of a running connection."""
        return [
            self._account_risk(session, account.account_id, account.currency)
            for session in self._connections.sessions()
            for account in session.accounts
        ]

    def state_of(self, connection_id: str, account_id: str, strategy_id: str | None = None) -> TradingState:
        """Return the strictest state of all scopes that cover an origin."""
        return strictest_state(view.state for view in self._covering(connection_id, account_id, strategy_id))

    def add_listener(self, listener: Callable[[ScopeView], None]) -> Callable[[], None]:
        """Call ``listener`` on each change of a scope; returns how to stop that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def _account_risk(self, session: Session, account_id: str, currency: str) -> AccountRisk:
        book = self._book(session, account_id)
        key = (session.connection_id, account_id)
        now_ns = self._clock.now_ns()
        return AccountRisk(
            connection_id=session.connection_id,
            account_id=account_id,
            currency=currency,
            state=self.state_of(session.connection_id, account_id),
            limits=self._limits(session.connection_id, account_id, None),
            equity=self._equity(session, account_id),
            open_orders=len(book.working),
            exposure=book.exposure_beside(""),
            orders_last_second=sum(1 for made_ns in self._made_ns.get(key, ()) if now_ns - made_ns < 10**9),
        )

    def _facts(
        self, session: Session, account_id: str, terms: OrderTerms, instrument: Instrument, *, strategy_id: str | None
    ) -> Facts:
        book = self._book(session, account_id)
        limits = self._limits(session.connection_id, account_id, strategy_id)
        now_ns = self._clock.now_ns()
        return Facts(
            now_ns=now_ns,
            state=self.state_of(session.connection_id, account_id, strategy_id),
            limits=limits,
            quote=None,
            equity=self._equity(session, account_id),
            position=book.position(terms),
            working=book.of_instrument(terms.instrument_id),
            open_orders=len(book.working),
            recent_ns=self._made_ns.get((session.connection_id, account_id), ()),
            other_exposure=None if limits.max_account_exposure is None else book.exposure_beside(terms.instrument_id),
            rate=book.rate(instrument.quote),
            is_session_open=is_open(instrument, now_ns),
        )

    def _book(self, session: Session, account_id: str) -> AccountBook:
        return account_book(session, account_id, self._journal, self._pending.values())

    def _equity(self, session: Session, account_id: str) -> EquityFacts:
        summary = session.summaries.get(account_id)
        return self._losses.facts((session.connection_id, account_id), summary.equity if summary else None)

    def _limits(self, connection_id: str, account_id: str, strategy_id: str | None) -> RiskLimits:
        return strictest(view.limits for view in self._covering(connection_id, account_id, strategy_id))

    def _covering(self, connection_id: str, account_id: str, strategy_id: str | None) -> list[ScopeView]:
        covering = [
            view
            for scope, view in self._scopes.items()
            if scope.covers(connection_id=connection_id, account_id=account_id, strategy_id=strategy_id)
        ]
        return covering if EVERYTHING in self._scopes else [*covering, self._own(EVERYTHING)]

    def _own(self, scope: Scope) -> ScopeView:
        known = self._scopes.get(scope)
        if known is not None:
            return known
        limits = DEFAULT_LIMITS if scope == EVERYTHING else RiskLimits()
        return ScopeView(
            scope=scope, state=TradingState.ACTIVE, reason=None, actor="system", changed_at_ns=0, limits=limits
        )

    async def _set(self, view: ScopeView) -> None:
        self._scopes[view.scope] = view
        for listener in list(self._listeners):
            listener(view)
        await self._store.save_scope(
            StoredScope(
                scope=str(view.scope),
                state=view.state,
                reason=view.reason,
                actor=view.actor,
                changed_at_ns=view.changed_at_ns,
                limits=view.limits,
            )
        )

    def _on_commit(self, commit: Commit) -> None:
        for movement in commit.movements:
            if movement.kind not in OUTSIDE_MONEY:
                continue
            rate = self._rate_of(movement.connection_id, movement.account_id, movement.currency)
            if rate is not None:
                self._losses.shift(movement, movement.amount * rate)

    def _rate_of(self, connection_id: str, account_id: str, currency: str) -> Decimal | None:
        for session in self._connections.sessions():
            if session.connection_id == connection_id:
                return self._book(session, account_id).rate(currency)
        return None

    async def _watch(self) -> None:
        while True:
            try:
                await self._look_at_losses()
            except EdgerunnerError as error:
                _log.warning("loss_watch_failed", reason=error.detail)
            await asyncio.sleep(WATCH_EVERY_S)

    async def _look_at_losses(self) -> None:
        now_ns = self._clock.now_ns()
        for session in self._connections.sessions():
            for account_id, summary in list(session.summaries.items()):
                if summary.equity is None:
                    continue
                self._losses.note((session.connection_id, account_id), summary.equity, now_ns)
                await self._stop_losing(session, account_id)
        if now_ns - self._saved_ns >= SAVE_EVERY_NS:
            self._saved_ns = now_ns
            await self._losses.save()

    async def _stop_losing(self, session: Session, account_id: str) -> None:
        """Let an account that reached a loss limit only reduce, until somebody resumes it."""
        connection_id = session.connection_id
        if self.state_of(connection_id, account_id) is not TradingState.ACTIVE:
            return
        limits = self._limits(connection_id, account_id, None)
        facts = Facts(
            now_ns=0, state=TradingState.ACTIVE, limits=limits, quote=None, equity=self._equity(session, account_id)
        )
        reached = loss_reached(facts)
        if reached is not None:
            scope = Scope(connection_id=connection_id, account_id=account_id)
            await self.set_state(scope, TradingState.REDUCING, actor="risk", reason=reached.text)
