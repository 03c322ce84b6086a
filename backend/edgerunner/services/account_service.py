"""Money and positions of all connections, in their own currencies and in one."""

import asyncio
from collections.abc import Iterable
from typing import Protocol

import structlog

from edgerunner.adapters.broker import PositionReport
from edgerunner.domain.currency import Rate, Rates
from edgerunner.domain.errors import EdgerunnerError, NotConnected, NotFound
from edgerunner.domain.positions import Position
from edgerunner.services.clock import Clock
from edgerunner.services.connection_service import ConnectionView
from edgerunner.services.ending import end_task
from edgerunner.services.market_service import MarketService, Sessions
from edgerunner.services.marks import Marks, OpenPositions
from edgerunner.services.portfolio import (
    Holdings,
    Portfolio,
    SummaryView,
    make_portfolio,
    pairs_between,
    wallet_rates,
)
from edgerunner.services.position_view import Mark, PositionView, mark_of_report, mark_of_ticker, position_view
from edgerunner.services.session import Session
from edgerunner.storage.store import EquityPoint
from edgerunner.storage.values import Page

_log = structlog.get_logger(__name__)

SAMPLE_EVERY_S = 60.0
FIRST_SAMPLE_S = 1.0
"""How long to wait for the first account figures before looking again."""

MAXIMUM_RATES = 32
"""Most markets asked for exchange rates in one answer."""


class PositionSource(OpenPositions, Protocol):
    """What accounts need of the journal."""

    async def all_positions(self) -> list[Position]:
        """Return every position there ever was, flat ones too."""
        ...


class Connections(Sessions, Protocol):
    """What accounts need of the connections."""

    def view(self, connection_id: str) -> ConnectionView:
        """Return one connection; raises ``NotFound``."""
        ...


class EquityHistory(Protocol):
    """Where equity over time is kept."""

    async def append(self, *points: EquityPoint) -> None:
        """Store points."""
        ...

    async def page(
        self, *, connection_id: str | None = None, account_id: str | None = None, limit: int, cursor: str | None = None
    ) -> Page[EquityPoint]:
        """Return a page of points, newest first."""
        ...


class AccountService:
    """Answers what is owned and owed; ``start`` and ``stop`` bound its tasks (marks, equity samples)."""

    def __init__(
        self,
        *,
        journal: PositionSource,
        connections: Connections,
        markets: MarketService,
        equity: EquityHistory,
        clock: Clock,
        base_currency: str,
    ) -> None:
        self._journal = journal
        self._connections = connections
        self._markets = markets
        self._equity = equity
        self._clock = clock
        self._base_currency = base_currency
        self._marks = Marks(journal=journal, markets=markets, connections=connections)
        self._sampler: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to follow marks and to sample equity every 60 s."""
        await self._marks.start()
        self._sampler = asyncio.create_task(self._keep_sampling(), name="equity-samples")

    async def stop(self) -> None:
        """End both."""
        await end_task(self._sampler)
        await self._marks.stop()

    async def summary(self, connection_id: str | None = None, account_id: str | None = None) -> list[SummaryView]:
        """Return each account's money as the broker last reported it.

        Connections that cannot tell are left out, unless asked for: ``NotFound``,
        ``NotConnected`` or what the broker said then. ``NotFound`` for an account that none has.
        """
        if connection_id is None:
            found = await self._all_summaries()
        else:
            found = await self._summaries(self._connections.session(connection_id))
        if account_id is None:
            return found
        of_account = [view for view in found if view.summary.account_id == account_id]
        if not of_account:
            raise NotFound(f"no connected account is called {account_id!r}")
        return of_account

    def positions(self, connection_id: str | None = None) -> list[PositionView]:
        """Return the positions that are not flat; raises ``NotFound`` for an unknown connection."""
        if connection_id is not None:
            self._connections.view(connection_id)
        return [self.position_view(position) for position in self._journal.positions(connection_id)]

    def position_view(self, position: Position) -> PositionView:
        """Return a position as callers see it, at the newest mark that is known without asking."""
        report = self._report(position)
        return self._view(position, report, self._known_mark(position, report))

    async def portfolio(self, currency: str | None = None) -> Portfolio:
        """Return everything in one currency (the base currency by default)."""
        target = currency or self._base_currency
        accounts = await self._all_summaries()
        heard = {view.connection.connection_id for view in accounts}
        silent = tuple(v.connection_id for v in self._connections.views() if v.connection_id not in heard)
        positions = [(position, await self._priced_view(position)) for position in self._journal.positions()]
        realized = [(p.contract.settle, p.realized_pnl) for p in await self._journal.all_positions() if p.realized_pnl]
        holdings = Holdings(accounts=accounts, positions=positions, realized=realized, missing_connections=silent)
        rates = [*wallet_rates(accounts), *await self._market_rates({*holdings.currencies, target})]
        return make_portfolio(holdings, Rates(rates), currency=target, now_ns=self._clock.now_ns())

    async def history(
        self, *, connection_id: str | None = None, account_id: str | None = None, limit: int, cursor: str | None = None
    ) -> Page[EquityPoint]:
        """Return equity over time, newest first; also of connections that are gone."""
        return await self._equity.page(connection_id=connection_id, account_id=account_id, limit=limit, cursor=cursor)

    async def sample(self) -> int:
        """Store what each ready account is worth now; returns how many points that makes."""
        now_ns = self._clock.now_ns()
        points = [
            EquityPoint(
                connection_id=session.connection_id,
                account_id=summary.account_id,
                currency=summary.currency,
                equity=summary.equity,
                balance=summary.balance,
                ts_ns=now_ns,
            )
            for session in self._sessions()
            if session.is_ready
            for summary in session.summaries.values()
        ]
        await self._equity.append(*points)
        return len(points)

    async def _keep_sampling(self) -> None:
        while True:
            try:
                sampled = await self.sample()
            except EdgerunnerError as error:
                _log.warning("equity_sample_failed", reason=error.detail)
                sampled = 0
            await asyncio.sleep(SAMPLE_EVERY_S if sampled else FIRST_SAMPLE_S)

    def _sessions(self) -> list[Session]:
        sessions = (self._session(view.connection_id) for view in self._connections.views())
        return [session for session in sessions if session is not None]

    def _session(self, connection_id: str) -> Session | None:
        try:
            return self._connections.session(connection_id)
        except (NotFound, NotConnected):
            return None

    async def _all_summaries(self) -> list[SummaryView]:
        found: list[SummaryView] = []
        for session in self._sessions():
            try:
                found += await self._summaries(session)
            except EdgerunnerError as error:
                _log.warning("summary_unavailable", connection_id=session.connection_id, reason=error.detail)
        return found

    async def _summaries(self, session: Session) -> list[SummaryView]:
        """Return what was reported; asks only while nothing was yet."""
        summaries = list(session.summaries.values()) or list(await session.adapter.get_account_summary())
        connection = self._connections.view(session.connection_id)
        return [SummaryView(connection=connection, summary=summary) for summary in summaries]

    def _report(self, position: Position) -> PositionReport | None:
        session = self._session(position.key.connection_id)
        if session is None:
            return None
        return session.positions.get((position.key.account_id, position.key.instrument_id, position.key.leg))

    def _view(self, position: Position, report: PositionReport | None, mark: Mark | None) -> PositionView:
        session = self._session(position.key.connection_id)
        return position_view(position, report, mark, execution=session.execution if session else "broker")

    def _known_mark(self, position: Position, report: PositionReport | None) -> Mark | None:
        return self._marks.mark(position.key.connection_id, position.key.instrument_id) or mark_of_report(report)

    async def _priced_view(self, position: Position) -> PositionView:
        """Return a view at a price at most 5 s old, or at the newest known when the broker is away."""
        report = self._report(position)
        try:
            ticker = await self._markets.price(position.key.connection_id, position.key.instrument_id)
        except EdgerunnerError as error:
            _log.info("mark_unavailable", instrument_id=position.key.instrument_id, reason=error.detail)
            return self._view(position, report, self._known_mark(position, report))
        return self._view(position, report, mark_of_ticker(ticker))

    async def _market_rates(self, currencies: Iterable[str]) -> list[Rate]:
        """Return what the connections' own markets say the currencies are worth in each other."""
        rates: list[Rate] = []
        wanted = frozenset(currencies)
        for session in self._sessions():
            try:
                instruments = await session.adapter.search_instruments("")
                for instrument in pairs_between(wanted, instruments)[:MAXIMUM_RATES]:
                    mark = mark_of_ticker(await self._markets.price(session.connection_id, instrument.instrument_id))
                    if mark is not None:
                        source = f"{instrument.instrument_id} on {session.connection_id}"
                        pair = (instrument.base, instrument.quote)
                        rates.append(
                            Rate(base=pair[0], quote=pair[1], price=mark.price, source=source, ts_ns=mark.ts_ns)
                        )
            except EdgerunnerError as error:
                _log.info("rates_unavailable", connection_id=session.connection_id, reason=error.detail)
        return rates
