"""Answers requests for executions: those of today that pass the filter, each with its commission report."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time
from typing import Final

from edgerunner.simulators.catalogue_ibkr import listing_of
from edgerunner.simulators.clock import NANOSECONDS
from edgerunner.simulators.tws import codes
from edgerunner.simulators.tws.answer import Answer
from edgerunner.simulators.tws.orders.desk import OrderDesk
from edgerunner.simulators.tws.orders.messages import execution_exchange
from edgerunner.simulators.tws.orders.times import parse_time
from edgerunner.simulators.tws.wire.executions import ExecutionDetailsEnd, RequestExecutions
from edgerunner.simulators.venue_types import HistoryQuery, VenueFill, VenueOrder

_PAGE: Final = 500
_SIDES: Final = {"BUY": "buy", "BOT": "buy", "SELL": "sell", "SLD": "sell", "SSHORT": "sell"}


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
        """Return fills with their orders as these stood right after them, the oldest first."""
        after: dict[str, VenueOrder] = {}
        found: list[tuple[VenueFill, VenueOrder]] = []
        for fill in self._newest_first(account_id, since_ns):
            order = after.get(fill.order_id) or self._order(account_id, fill.order_id)
            if order is not None:
                found.append((fill, order))
                after[fill.order_id] = replace(
                    order,
                    filled_lots=order.filled_lots - fill.quantity_lots,
                    filled_value=order.filled_value - fill.value,
                )
        return found[::-1]

    def _newest_first(self, account_id: str, since_ns: int) -> Iterator[VenueFill]:
        query = HistoryQuery(account_id=account_id, start_ns=since_ns, limit=_PAGE)
        while page := self._desk.venue.fill_history(query):
            yield from page
            query = replace(query, before=page[-1].number)

    def _order(self, account_id: str, order_id: str) -> VenueOrder | None:
        found = self._desk.venue.find_order(account_id, order_id=order_id)
        if found is not None:
            return found
        rows = self._desk.venue.order_history(HistoryQuery(account_id=account_id, order_id=order_id, limit=1))
        return rows[0] if rows else None

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
