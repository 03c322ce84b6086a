"""The broker's records read back: open orders, one order, fills, money."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from edgerunner.adapters.broker import CashReport, FillReport, OrderLookup, OrderReport, PositionReport
from edgerunner.adapters.mt5.books import Book, exit_id, fill_of, venue_id_of_deal
from edgerunner.adapters.mt5.cash import cash_reports
from edgerunner.adapters.mt5.catalogue import Catalogue
from edgerunner.adapters.mt5.exit_reports import exit_reports, fired_exit
from edgerunner.adapters.mt5.ledger import Ledger
from edgerunner.adapters.mt5.order_reports import order_reports
from edgerunner.adapters.mt5.order_words import TRADES
from edgerunner.adapters.mt5.position_reports import position_report
from edgerunner.adapters.mt5.terminal import Calls
from edgerunner.adapters.mt5.values import NS_PER_S
from edgerunner.domain.errors import InvalidRequest, NotConnected
from edgerunner.domain.identifiers import magic_number
from edgerunner.domain.orders import OrderStatus
from edgerunner.domain.values import replace
from edgerunner.mt5_surface.structs import TradeDeal, TradeOrder

LOOK_BACK_NS: Final = 30 * 86_400 * NS_PER_S
"""How far back an order is looked for whose sending is not dated."""

BEFORE_NS: Final = 3_600 * NS_PER_S
"""How far before its sending a dated one is looked for: clocks differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofRule:
    """When empty records prove that a placement never arrived and cannot arrive any more.

    The terminal does one call at a time, so answers to what was asked after the placement show that its call has
    ended; ``settle_ns`` is how long the trade server may take beyond that.
    """

    settle_ns: int

    def is_over(self, *, now_ns: int, sent_ns: int) -> bool:
        """Tell whether a placement sent at a time must be in the records by now."""
        return now_ns > sent_ns + self.settle_ns


class Records:
    """Reads an account's orders, positions, deals."""

    def __init__(
        self,
        calls: Calls,
        catalogue: Catalogue,
        ledger: Ledger,
        *,
        book: Callable[[], Book],
        now_ns: Callable[[], int],
        proof: ProofRule,
    ) -> None:
        self._calls = calls
        self._catalogue = catalogue
        self._ledger = ledger
        self._book = book
        self._now_ns = now_ns
        self._proof = proof

    async def open_orders(self) -> list[OrderReport]:
        """Return every working order and every exit of an open position."""
        found: list[OrderReport] = []
        for order in await self._calls.orders():
            found += await self.reports_of(order)
        for position in await self._calls.positions():
            listing = await self._catalogue.learn(position.symbol)
            if listing is not None:
                found += exit_reports(self._book(), position, listing)
        return [report for report in found if not report.status.is_closed]

    async def positions(self) -> list[PositionReport]:
        """Return the open positions."""
        rows = [(each, await self._catalogue.learn(each.symbol)) for each in await self._calls.positions()]
        return [position_report(self._book(), each, listing) for each, listing in rows if listing is not None]

    async def fills(self, since_ns: int) -> list[FillReport]:
        """Return trades since a time, oldest first."""
        now_ns = self._now_ns()
        await self._ledger.ended_since(since_ns, now_ns)  # most of the orders that the deals belong to, in one call
        deals = await self._ledger.deals_since(since_ns, now_ns)
        reports = await self.fills_of(deals)
        return [report for report in reports if report.ts_event_ns >= since_ns]

    async def cash(self, since_ns: int) -> list[CashReport]:
        """Return money moved since a time, oldest first."""
        found: list[CashReport] = []
        for deal in await self._ledger.deals_since(since_ns, self._now_ns()):
            listing = await self._catalogue.learn(deal.symbol) if deal.symbol else None
            found += cash_reports(self._book(), deal, listing)
        return [report for report in found if report.ts_event_ns >= since_ns]

    async def find_order(
        self, *, client_order_id: str | None, venue_order_id: str | None, sent_at_ns: int | None
    ) -> OrderLookup:
        """Look an order up among the working and the ended ones and in the deals.

        Raises a ``BrokerError`` when any of them cannot be read, or the terminal has no connection to the broker.
        """
        if client_order_id is None and venue_order_id is None:
            raise InvalidRequest.of("client_order_id", "required", "an order is looked up by one of its two ids")
        if not (await self._calls.terminal_info()).connected:
            raise NotConnected("the terminal has no connection to its broker: what it shows may be old")
        asked_at_ns = self._now_ns()
        if venue_order_id is not None:
            report, fills = await self.by_venue_id(venue_order_id)
        else:
            report, fills = await self._by_key(client_order_id or "", sent_at_ns, asked_at_ns)
        is_absent = report is None and not fills and sent_at_ns is not None
        return OrderLookup(
            report=report,
            fills=tuple(fills),
            is_proof_of_absence=is_absent
            and self._proof.is_over(now_ns=asked_at_ns, sent_ns=sent_at_ns or asked_at_ns),
        )

    async def reports_of(self, order: TradeOrder) -> list[OrderReport]:
        """Return an order as reports, with the average of its deals."""
        listing = await self._catalogue.learn(order.symbol)
        if listing is None:
            return []
        has_traded = order.volume_current != order.volume_initial
        deals = await self._ledger.deals_of_order(order.ticket) if has_traded else []
        fired = fired_exit(self._book(), order, listing, deals)
        return order_reports(self._book(), order, listing, deals) if fired is None else [fired]

    async def fills_of(self, deals: Sequence[TradeDeal]) -> list[FillReport]:
        """Return the trades among deals."""
        trades = [deal for deal in deals if deal.type in TRADES and deal.symbol]
        orders = await self._ledger.orders_of(trades)
        rows = [(deal, await self._catalogue.learn(deal.symbol)) for deal in trades]
        return [
            fill_of(self._book(), deal, listing, orders.get(deal.order))
            for deal, listing in rows
            if listing is not None
        ]

    async def by_venue_id(self, venue_order_id: str) -> tuple[OrderReport | None, list[FillReport]]:
        """Return an order and its fills by our id of it; (None, []) when no record has it."""
        number, _, mark = venue_order_id.partition("-")
        if not number.isdecimal():
            return None, []
        if mark and mark != "by":
            return await self._exit(int(number), venue_order_id)
        order = await self._ledger.order(int(number))
        return (None, []) if order is None else await self._whole(order, venue_order_id)

    async def _by_key(
        self, key: str, sent_at_ns: int | None, now_ns: int
    ) -> tuple[OrderReport | None, list[FillReport]]:
        """Look among the working orders and in the history, by magic; what was made of the key first is it."""
        book = self._book()
        book.keys.remember([key])
        magic = magic_number(key)
        since_ns = now_ns - LOOK_BACK_NS if sent_at_ns is None else sent_at_ns - BEFORE_NS
        working = [order for order in await self._calls.orders() if order.magic == magic]
        ended = [order for order in await self._ledger.ended_since(since_ns, now_ns) if order.magic == magic]
        for order in sorted((*working, *ended), key=lambda each: each.ticket):
            if book.keys.key_of_order(order) == key:
                report, fills = await self._whole(order, str(order.ticket))
                if report is not None and report.client_order_id == key:
                    return report, fills
        return None, []

    async def _whole(self, order: TradeOrder, venue_order_id: str) -> tuple[OrderReport | None, list[FillReport]]:
        reports = await self.reports_of(order)
        report = next((each for each in reports if each.venue_order_id == venue_order_id), None)
        deals = await self._ledger.deals_of_order(order.ticket)
        fills = [each for each in await self.fills_of(deals) if each.venue_order_id == venue_order_id]
        return report, fills

    async def _exit(self, position_id: int, venue_order_id: str) -> tuple[OrderReport | None, list[FillReport]]:
        """Look a mark on a position up: it works, has fired, or is gone."""
        book = self._book()
        for position in await self._calls.positions():
            listing = await self._catalogue.learn(position.symbol)
            if position.identifier == position_id and listing is not None:
                marks = exit_reports(book, position, listing)
                found = next((each for each in marks if each.venue_order_id == venue_order_id), None)
                if found is not None:
                    return found, []
        deals = await self._ledger.deals_of_position(position_id)
        orders = await self._ledger.orders_of(deals)
        own = [deal for deal in deals if venue_id_of_deal(deal, orders.get(deal.order)) == venue_order_id]
        if own and own[0].order in orders:
            reports = await self.reports_of(orders[own[0].order])
            return (reports[0] if reports else None), await self.fills_of(own)
        return await self._gone(deals, orders, position_id, venue_order_id), []

    async def _gone(
        self, deals: Sequence[TradeDeal], orders: dict[int, TradeOrder], position_id: int, venue_order_id: str
    ) -> OrderReport | None:
        """Return the mark as canceled: its position was closed otherwise, or it was taken away."""
        opening = orders.get(position_id)
        listing = await self._catalogue.learn(opening.symbol) if opening is not None else None
        if opening is None or listing is None:
            return None
        reports = order_reports(self._book(), opening, listing, [deal for deal in deals if deal.order == position_id])
        template = next(iter(reports), None)
        if template is None:
            return None
        last_ns = max((self._book().clock.utc_ns(deal.time_msc) for deal in deals), default=template.ts_event_ns)
        side = template.terms.side.opposite
        kind = "sl" if venue_order_id == exit_id(position_id, "sl", side) else "tp"
        return replace(
            template,
            client_order_id=None,
            venue_order_id=venue_order_id,
            status=OrderStatus.CANCELED,
            filled_quantity=template.filled_quantity * 0,
            average_price=None,
            ts_event_ns=last_ns,
            broker=replace(template.broker, status=f"position {kind}", code="position_closed", text=None),
            parent_venue_order_id=str(position_id),
            terms=replace(template.terms, side=side, price=None, position_id=None),
        )
