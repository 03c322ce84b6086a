"""Turns looks at the terminal into news: orders, fills, positions, money, each once.

A look reads what works, what is held and the newest history, whole. It is taken at every interval, whenever the
terminal or the bridge says that something changed, and after every gap; so a gap loses nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

import structlog

from edgerunner.adapters.broker import BrokerUpdate, OrderReport
from edgerunner.adapters.mt5.books import Book
from edgerunner.adapters.mt5.cash import cash_reports
from edgerunner.adapters.mt5.catalogue import Catalogue
from edgerunner.adapters.mt5.exit_reports import ended_exit, exit_reports
from edgerunner.adapters.mt5.ledger import Ledger
from edgerunner.adapters.mt5.listings import Listing
from edgerunner.adapters.mt5.order_reports import triggered
from edgerunner.adapters.mt5.order_words import TRADES
from edgerunner.adapters.mt5.position_reports import flat_report, position_report
from edgerunner.adapters.mt5.records import Records
from edgerunner.adapters.mt5.snapshots import News, Reading, Seen
from edgerunner.adapters.mt5.terminal import Calls
from edgerunner.adapters.mt5.values import NS_PER_S
from edgerunner.domain.orders import OrderStatus
from edgerunner.mt5_surface.structs import TradeDeal, TradePosition

_log = structlog.get_logger(__name__)

OVERLAP_NS: Final = 600 * NS_PER_S
"""How far back each look reads the history: deals can be listed late."""


class Follower:
    """Takes looks and tells what they show; ``look`` is called by one task."""

    def __init__(
        self,
        calls: Calls,
        catalogue: Catalogue,
        ledger: Ledger,
        records: Records,
        *,
        book: Callable[[], Book],
        tell: Callable[[BrokerUpdate], None],
        now_ns: Callable[[], int],
    ) -> None:
        self._calls = calls
        self._catalogue = catalogue
        self._ledger = ledger
        self._records = records
        self._book = book
        self._tell = tell
        self._now_ns = now_ns
        self._seen = Seen()
        self._exits: dict[int, dict[str, OrderReport]] = {}
        self._looked_at_ns: int | None = None

    async def look(self) -> bool:
        """Read and tell what is new; True when something was. Raises a ``BrokerError``: then the next look tells it.

        The first look tells what works and is held; the history before it is read by whoever reconciles.
        """
        now_ns = self._now_ns()
        is_first = self._looked_at_ns is None
        reading = await self._read((self._looked_at_ns or now_ns) - OVERLAP_NS, now_ns)
        before, exits = self._seen.copy(), dict(self._exits)
        news = self._seen.take(reading)
        if is_first:
            news = replace(news, deals=[], ended=[])
        try:
            await self._tell_all(news)
        except BaseException:
            self._seen, self._exits = before, exits
            raise
        self._looked_at_ns = now_ns
        return news.is_any

    async def tell_positions(self) -> None:
        """Tell every open position with its newest price and profit."""
        for position in await self._calls.positions():
            listing = await self._catalogue.learn(position.symbol)
            if listing is not None:
                self._tell(position_report(self._book(), position, listing))

    async def _read(self, since_ns: int, now_ns: int) -> Reading:
        orders = await self._calls.orders()
        positions = await self._calls.positions()
        deals = await self._ledger.deals_since(since_ns, now_ns)
        ended = await self._ledger.ended_since(since_ns, now_ns)
        return Reading(orders=orders, positions=positions, deals=deals, ended=ended)

    async def _tell_all(self, news: News) -> None:
        """Collect everything first: a look that fails half-way tells nothing, and the next one tells all."""
        found: list[BrokerUpdate] = []
        await self._orders(news, found)
        found += await self._records.fills_of(await self._with_late_deals(news))
        await self._cash(news.deals, found)
        await self._positions(news, found)
        for update in found:
            self._tell(update)

    async def _orders(self, news: News, found: list[BrokerUpdate]) -> None:
        for order in news.orders:
            for report in await self._records.reports_of(order):
                if order.ticket in news.activated:
                    found.append(replace(report, status=OrderStatus.TRIGGERED))
                found.append(report)
        for order in news.ended:
            await self._ended(order.ticket, found)
        for ticket in news.vanished:
            await self._ended(ticket, found)

    async def _ended(self, ticket: int, found: list[BrokerUpdate]) -> None:
        order = await self._ledger.order(ticket)
        if order is None:
            return
        reports = [report for report in await self._records.reports_of(order) if report.status.is_closed]
        for report in reports:
            before = triggered(report)
            found += [report] if before is None else [before, report]
        if reports:
            self._seen.found(ticket)

    async def _with_late_deals(self, news: News) -> list[TradeDeal]:
        """Return new deals and those of newly ended orders, some of which may be older than the look goes back."""
        deals = {deal.ticket: deal for deal in news.deals if deal.type in TRADES}
        for order in news.ended:
            if order.volume_current != order.volume_initial:
                deals.update({deal.ticket: deal for deal in await self._ledger.deals_of_order(order.ticket)})
        return sorted(deals.values(), key=lambda deal: (deal.time_msc, deal.ticket))

    async def _cash(self, deals: Sequence[TradeDeal], found: list[BrokerUpdate]) -> None:
        for deal in deals:
            listing = await self._catalogue.learn(deal.symbol) if deal.symbol else None
            found += cash_reports(self._book(), deal, listing)

    async def _positions(self, news: News, found: list[BrokerUpdate]) -> None:
        for position in news.positions:
            listing = await self._catalogue.learn(position.symbol)
            if listing is not None:
                await self._position(position, listing, found)
        for position in news.closed:
            listing = await self._catalogue.learn(position.symbol)
            if listing is not None:
                await self._closed(position, listing, found)

    async def _position(self, position: TradePosition, listing: Listing, found: list[BrokerUpdate]) -> None:
        report = position_report(self._book(), position, listing)
        marks = {mark.venue_order_id: mark for mark in exit_reports(self._book(), position, listing)}
        before = self._exits.get(position.identifier, {})
        found.append(report)
        found += [mark for name, mark in marks.items() if mark != before.get(name)]
        found += [ended_exit(mark, report.ts_event_ns) for name, mark in before.items() if name not in marks]
        self._exits[position.identifier] = marks

    async def _closed(self, position: TradePosition, listing: Listing, found: list[BrokerUpdate]) -> None:
        """Tell that a position is gone, and its exits with it: but for the one that closed it, which has filled."""
        is_replaced = not self._book().is_hedged and any(
            other.symbol == position.symbol for other in self._seen.positions.values()
        )
        if not is_replaced:
            found.append(flat_report(position_report(self._book(), position, listing), self._now_ns()))
        for mark in self._exits.pop(position.identifier, {}).values():
            _, fills = await self._records.by_venue_id(mark.venue_order_id)
            if not fills:
                found.append(ended_exit(mark, self._now_ns()))
