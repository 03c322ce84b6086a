"""Answers requests for executions: those of today that pass the filter, each with its commission report."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time

from edgerunner.simulators.catalogue_ibkr import listing_of
from edgerunner.simulators.clock import NANOSECONDS
from edgerunner.simulators.tws import codes
from edgerunner.simulators.tws.answer import Answer
from edgerunner.simulators.tws.orders.desk import OrderDesk
from edgerunner.simulators.tws.orders.messages import execution_exchange
from edgerunner.simulators.tws.orders.times import parse_time
from edgerunner.simulators.tws.wire.executions import ExecutionDetailsEnd, RequestExecutions
from edgerunner.simulators.venue_types import HistoryQuery, VenueFill, VenueOrder

_PAGE = 500
_SIDES = {"BUY": "buy", "BOT": "buy", "SELL": "sell", "SLD": "sell", "SSHORT": "sell"}


class ExecutionList:
    """The executions of today: since midnight in TWS's own time zone, of every client."""

    def __init__(self, desk: OrderDesk) -> None:
        self._desk = desk

    def answer(self, request: RequestExecutions) -> Answer:
        """Return the executions that pass the filter, the oldest first, and the end marker."""
        try:
            since = self._since_ns(request.time)
        except ValueError as error:
            return (codes.validation_error(str(error), request.request_id),)
        return self._answer(request, since)

    def _answer(self, request: RequestExecutions, since_ns: int) -> Iterator[object]:
        for account_id in self._desk.accounts:
            if request.account in {"", account_id}:
                for fill, order in self._fills(account_id, since_ns):
                    if self._passes(request, fill, order):
                        owner = self._desk.reports.owner(order)
                        yield self._desk.writer.execution(fill, order, owner, request_id=request.request_id)
                        yield self._desk.writer.commission(fill)
        yield ExecutionDetailsEnd(request_id=request.request_id)

    def _fills(self, account_id: str, since_ns: int) -> list[tuple[VenueFill, VenueOrder]]:
        """Return fills with their orders as these stood right after them."""
        found: list[VenueFill] = []
        before: int | None = None
        query = HistoryQuery(account_id=account_id, start_ns=since_ns, limit=_PAGE)
        while page := self._desk.venue.fill_history(replace(query, before=before)):
            found += page
            before = page[-1].number
        return [(fill, order) for fill in reversed(found) if (order := self._order_after(fill)) is not None]

    def _order_after(self, fill: VenueFill) -> VenueOrder | None:
        venue = self._desk.venue
        order = venue.find_order(fill.account_id, order_id=fill.order_id)
        if order is None:
            rows = venue.order_history(HistoryQuery(account_id=fill.account_id, order_id=fill.order_id, limit=1))
            order = rows[0] if rows else None
        if order is None:
            return None
        fills = venue.fill_history(HistoryQuery(account_id=fill.account_id, order_id=fill.order_id, limit=_PAGE))
        so_far = [each for each in fills if each.number <= fill.number]
        return replace(
            order,
            filled_lots=sum(each.quantity_lots for each in so_far),
            filled_value=sum((each.value for each in so_far), start=fill.value * 0),
        )

    def _passes(self, request: RequestExecutions, fill: VenueFill, order: VenueOrder) -> bool:
        listing, owner = listing_of(fill.symbol), self._desk.reports.owner(order)
        return (
            request.client_id in {0, owner.client_id}
            and request.symbol.upper() in {"", listing.symbol}
            and request.sec_type.upper() in {"", listing.sec_type}
            and request.exchange.upper() in {"", execution_exchange(listing), order_exchange(self._desk, order)}
            and _SIDES.get(request.side.upper(), fill.side) == fill.side
        )

    def _since_ns(self, text: str) -> int:
        zone = self._desk.writer.zone
        now = datetime.fromtimestamp(self._desk.venue.now_ns() // NANOSECONDS, UTC).astimezone(zone)
        midnight = int(datetime.combine(now.date(), time(), zone).timestamp()) * NANOSECONDS
        return max(midnight, parse_time(text, zone)) if text else midnight


def order_exchange(desk: OrderDesk, order: VenueOrder) -> str:
    """Return the exchange that an order was sent to."""
    return desk.writer.contract(order).exchange
