"""What a request about an order names, and what faults do to that order."""

from typing import Final

from edgerunner.simulators.tws.contracts.directory import NoContract
from edgerunner.simulators.tws.contracts.names import name_of
from edgerunner.simulators.tws.delivery.calls import Target
from edgerunner.simulators.tws.delivery.stages import Stage
from edgerunner.simulators.tws.gateway import Gateway
from edgerunner.simulators.tws.orders.refusal import canceled
from edgerunner.simulators.tws.orders.status import Standing, Status
from edgerunner.simulators.tws.session import Session
from edgerunner.simulators.tws.wire.orders import CancelOrder, PlaceOrder
from edgerunner.simulators.tws.wire.values import Contract
from edgerunner.simulators.venue_types import VenueOrder

FORCED: Final = "forced"
"""Why a placement counts as refused that a fault refused."""


class OrderTargets:
    """Finds the orders of requests at the gateway's desk."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def target(self, client_id: int, request: object) -> Target | None:
        """Return the order that a request would change, None when there is none or it is done."""
        order = self._live(client_id, request)
        if order is None:
            return None
        return Target(client_key=order.client_key, symbol=self._gateway.venue.instrument(order.symbol).name)

    def described(self, client_id: int, request: object) -> Target | None:
        """Return an order as the request itself names it, None when it names none."""
        symbol = self._symbol(request)
        if isinstance(request, PlaceOrder):
            return Target(client_key=request.order.order_ref or f"{client_id}/{request.order_id}", symbol=symbol)
        return None if symbol is None else Target(client_key=None, symbol=symbol)

    def count_refusal(self, client_id: int, request: PlaceOrder) -> None:
        """Count a placement that was refused before it reached the book."""
        asked = self.described(client_id, request)
        if asked is not None and asked.client_key is not None:
            account_id = request.order.account or self._gateway.accounts[0]
            symbol = asked.symbol or request.contract.symbol
            self._gateway.venue.count_refused_placement(account_id, asked.client_key, symbol, FORCED)

    def fill_instead(self, session: Session, request: object, *, status: Status) -> None:
        """Fill the order that a client wants to cancel, after telling it ``status`` (Cancelled or PendingCancel)."""
        order = self._live(session.client_id, request)
        if order is None:
            return
        desk = self._gateway.desk
        owner = desk.reports.owner(order)
        told: list[object] = [desk.writer.status(order, owner, Standing(status=status))]
        if status is Status.CANCELLED:
            told.append(canceled(owner.order_id))
        name = self._gateway.venue.instrument(order.symbol).name
        self._gateway.delivery.deliver(session, Stage.CANCELLED, told, client_key=order.client_key, symbol=name)
        self._gateway.venue.operator.fill(order)

    def _live(self, client_id: int, request: object) -> VenueOrder | None:
        if not isinstance(request, PlaceOrder | CancelOrder):
            return None
        order = self._gateway.desk.find(client_id, request.order_id)
        return order if order is not None and order.live else None

    def _symbol(self, request: object) -> str | None:
        contract = getattr(request, "contract", None)
        if not isinstance(contract, Contract):
            return None
        try:
            return name_of(self._gateway.directory.resolve(contract))
        except NoContract:
            return None
