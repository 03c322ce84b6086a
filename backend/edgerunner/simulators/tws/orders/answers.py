"""What the simulated TWS answers to requests about orders and executions."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from edgerunner.simulators.tws import codes
from edgerunner.simulators.tws.answer import Answer
from edgerunner.simulators.tws.gateway import Gateway
from edgerunner.simulators.tws.orders.executions import ExecutionList
from edgerunner.simulators.tws.orders.identity import owner_of
from edgerunner.simulators.tws.orders.reports import DEFAULT_CLIENT
from edgerunner.simulators.tws.session import Session
from edgerunner.simulators.tws.wire import executions, orders
from edgerunner.simulators.venue_types import VenueOrder


class OrderAnswers:
    """Answers one client's requests about orders."""

    def __init__(self, gateway: Gateway, session: Session) -> None:
        self._desk = gateway.desk
        self._session = session
        self._executions = ExecutionList(gateway.desk)
        self._seen: dict[int, str] = {}
        """Orders of others by the id under which this client was told them; in the end one of several with it."""

    def handlers(self) -> Mapping[type[Any], Callable[[Any], Answer]]:
        """Return the handler of every request that is answered here."""
        return {
            orders.RequestOpenOrders: self._open_orders,
            orders.RequestAllOpenOrders: self._all_open_orders,
            orders.RequestAutoOpenOrders: self._bind_orders,
            orders.RequestCompletedOrders: self._completed_orders,
            orders.PlaceOrder: self._place,
            orders.CancelOrder: self._cancel,
            orders.GlobalCancel: self._cancel_all,
            executions.RequestExecutions: self._list_executions,
        }

    def _place(self, request: orders.PlaceOrder) -> Answer:
        self._desk.place(self._session, request)
        return ()

    def _cancel(self, request: orders.CancelOrder) -> Answer:
        self._desk.cancel(self._session, request.order_id, seen=self._seen.get(request.order_id))
        return ()

    def _cancel_all(self, _: orders.GlobalCancel) -> Answer:
        self._desk.cancel_all(self._session)
        return ()

    def _open_orders(self, _: orders.RequestOpenOrders) -> Answer:
        """The client's own orders; client 0 takes those entered by hand as its own."""
        for order in self._desk.live_orders():
            if self._is_mine(order):
                yield from self._told(order)
        yield orders.OpenOrderEnd()

    def _all_open_orders(self, _: orders.RequestAllOpenOrders) -> Answer:
        for order in self._desk.live_orders():
            self._seen[self._desk.reports.owner(order).order_id] = order.order_id
            yield from self._told(order)
        yield orders.OpenOrderEnd()

    def _bind_orders(self, request: orders.RequestAutoOpenOrders) -> Answer:
        if self._session.client_id != DEFAULT_CLIENT:
            return (codes.validation_error("Only the default client (i.e 0) can auto bind orders"),)
        self._desk.reports.binds_new = request.binds
        self._session.on_end(self._stop_binding)
        return ()

    def _stop_binding(self) -> None:
        self._desk.reports.binds_new = False

    def _completed_orders(self, request: orders.RequestCompletedOrders) -> Answer:
        done = (order for account_id in self._desk.accounts for order in self._desk.venue.closed_orders(account_id))
        for order in sorted(done, key=lambda each: each.sequence):
            if owner_of(order) is not None or not request.only_api:
                yield self._desk.writer.completed(order, self._desk.reports.standing(order))
        yield orders.CompletedOrdersEnd()

    def _list_executions(self, request: executions.RequestExecutions) -> Answer:
        return self._executions.answer(request)

    def _is_mine(self, order: VenueOrder) -> bool:
        owner = owner_of(order)
        if owner is not None:
            return owner.client_id == self._session.client_id
        if self._session.client_id != DEFAULT_CLIENT:
            return False
        self._desk.reports.bind(order)
        return True

    def _told(self, order: VenueOrder) -> Iterator[object]:
        owner, standing = self._desk.reports.owner(order), self._desk.reports.standing(order)
        yield self._desk.writer.open_order(order, owner, standing)
        yield self._desk.writer.status(order, owner, standing)
