"""Tells clients what happens to their orders, in the order in which it happens."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

from edgerunner.simulators.tws import codes
from edgerunner.simulators.tws.delivery.delivery import Delivery
from edgerunner.simulators.tws.delivery.stages import Stage
from edgerunner.simulators.tws.orders.identity import Owner, bound_id, key_of, owner_of, rejection_of, request_of
from edgerunner.simulators.tws.orders.messages import OrderWriter
from edgerunner.simulators.tws.orders.refusal import canceled
from edgerunner.simulators.tws.orders.status import LOCATING, Standing, Status, standing_of
from edgerunner.simulators.tws.session import Session, Sessions
from edgerunner.simulators.tws.wire.session import ErrorMessage
from edgerunner.simulators.venue import Venue
from edgerunner.simulators.venue_types import (
    FillHappened,
    OrderChanged,
    OrderState,
    VenueEvent,
    VenueFill,
    VenueOrder,
)

DEFAULT_CLIENT: Final = 0
_BY_ITSELF: Final = frozenset({"ioc", "no_liquidity"})
_BY_REQUEST: Final = "user"


class OrderReports:
    """Turns the venue's events into messages to the client that owns the order.

    Orders entered by hand are client 0's once they are bound. Whoever cancels another client's order is told as well,
    under its own client id.
    """

    def __init__(
        self,
        venue: Venue,
        *,
        sessions: Sessions,
        delivery: Delivery,
        writer: OrderWriter,
    ) -> None:
        self._venue = venue
        self._sessions = sessions
        self._delivery = delivery
        self._writer = writer
        self._told: dict[str, tuple[VenueOrder, Standing]] = {}
        self._bound: dict[int, str] = {}
        self.binds_new = False
        self.canceler: Session | None = None
        self.restore()

    def restore(self) -> None:
        """Take the live orders as told already."""
        self._bound.clear()
        orders = (order for account_id in self._venue.accounts for order in self._venue.open_orders(account_id))
        self._told = {order.order_id: (order, self.standing(order)) for order in orders}

    def bind(self, order: VenueOrder) -> Owner:
        """Give an order entered by hand to client 0; return as what it knows it."""
        owner = Owner(client_id=DEFAULT_CLIENT, order_id=bound_id(order))
        self._bound[owner.order_id] = order.order_id
        return owner

    def bound(self, owner: Owner) -> str | None:
        """Return the venue's id of an order that is bound to client 0 under an id."""
        return self._bound.get(owner.order_id) if owner.client_id == DEFAULT_CLIENT else None

    def owner(self, order: VenueOrder) -> Owner:
        """Return whose order it is; one that was entered by hand and is not bound has the order id 0."""
        found = owner_of(order)
        if found is not None:
            return found
        return Owner(client_id=DEFAULT_CLIENT, order_id=bound_id(order) if bound_id(order) in self._bound else 0)

    def standing(self, order: VenueOrder) -> Standing:
        """Return where an order stands."""
        parent = None
        if order.state is OrderState.HELD and order.parent_id is not None:
            parent = self._venue.find_order(order.account_id, order_id=order.parent_id)
        return standing_of(order, is_child=parent is not None and parent.live)

    def repeat(self, order: VenueOrder) -> None:
        """Tell once more where an order stands."""
        self._tell_state(order, Stage.ACKNOWLEDGED)

    def on_event(self, event: VenueEvent) -> None:
        """Tell what happened."""
        match event:
            case FillHappened(fill=fill, order=order):
                self._on_fill(fill, order)
            case OrderChanged(order=order):
                self._on_change(order)

    def _on_fill(self, fill: VenueFill, order: VenueOrder) -> None:
        known = self._told.get(order.order_id)
        if known is None or known[0].attributes != order.attributes:
            self._acknowledge(_before(fill, order))
        price = self._writer.instrument(fill.symbol).price(fill.price_ticks)
        standing, owner = self.standing(order), self.owner(order)
        self._deliver(order, Stage.EXECUTION, self._writer.execution(fill, order, owner))
        state = self._writer.status(order, owner, standing, last_price=price)
        self._deliver(order, Stage.FILLED, self._writer.open_order(order, owner, standing), state)
        self._deliver(order, Stage.COMMISSION, self._writer.commission(fill))
        self._note(order)

    def _on_change(self, order: VenueOrder) -> None:
        known = self._told.get(order.order_id)
        if order.state is OrderState.FILLED:
            self._told.pop(order.order_id, None)
            return
        if order.state is OrderState.REJECTED:
            self._reject(order)
        elif not order.live:
            self._end(order, is_new=known is None)
        elif known is None:
            self._acknowledge(order)
        elif order.attributes != known[0].attributes:
            self._tell_state(order, Stage.ACKNOWLEDGED)
        elif self._looks_changed(*known, order):
            self._tell_state(order, Stage.STATUS)
        self._note(order)

    def _note(self, order: VenueOrder) -> None:
        if order.live:
            self._told[order.order_id] = (order, self.standing(order))
        else:
            self._told.pop(order.order_id, None)

    def _looks_changed(self, known: VenueOrder, standing: Standing, order: VenueOrder) -> bool:
        terms = ((each.quantity_lots, each.filled_lots, each.price_ticks) for each in (known, order))
        return self.standing(order) != standing or len(set(terms)) > 1

    def _acknowledge(self, order: VenueOrder) -> None:
        if owner_of(order) is None and self.binds_new and order.origin == "manual":
            self.bind(order)
        self._tell_state(order, Stage.ACKNOWLEDGED)
        if self.standing(order).why_held == LOCATING:
            self._deliver(order, Stage.NOTICE, codes.held_for_locate(self.owner(order).order_id))

    def _tell_state(self, order: VenueOrder, stage: Stage) -> None:
        owner, standing = self.owner(order), self.standing(order)
        self._deliver(
            order,
            stage,
            self._writer.open_order(order, owner, standing),
            self._writer.status(order, owner, standing),
        )

    def _reject(self, order: VenueOrder) -> None:
        owner = self.owner(order)
        text = f"Order rejected - reason:{rejection_of(order)}"
        error = ErrorMessage(request_id=owner.order_id, code=codes.ORDER_REJECTED, text=text)
        self._deliver(order, Stage.REJECTED, error, self._writer.status(order, owner, self.standing(order)))

    def _end(self, order: VenueOrder, *, is_new: bool) -> None:
        """Tell the end of an order that did not fill."""
        standing = self.standing(order)
        if standing.status is Status.INACTIVE:
            self._tell_state(order, Stage.REJECTED)
            return
        if is_new:
            fresh = replace(order, filled_lots=0, filled_value=Decimal(0), state=OrderState.NEW, live=True)
            self._acknowledge(fresh)
        for owner, recipient in self._audience(order):
            self._tell_end(order, standing, owner=owner, recipient=recipient)

    def _tell_end(self, order: VenueOrder, standing: Standing, *, owner: Owner, recipient: Session) -> None:
        done = self._writer.status(order, owner, standing)
        pending = replace(done, status=Status.PENDING_CANCEL)
        is_alone = order.cancel_reason in _BY_ITSELF
        if is_alone or order.cancel_reason == _BY_REQUEST:
            self._send(recipient, order, Stage.PENDING_CANCEL, pending)
        messages = (done,) if is_alone else (done, canceled(owner.order_id))
        self._send(recipient, order, Stage.CANCELLED, *messages)

    def _audience(self, order: VenueOrder) -> Sequence[tuple[Owner, Session]]:
        owner = self.owner(order)
        found = []
        session = self._recipient(order)
        if session is not None:
            found.append((owner, session))
        if self.canceler is not None and self.canceler is not session:
            found.append((Owner(client_id=self.canceler.client_id, order_id=owner.order_id), self.canceler))
        return found

    def _recipient(self, order: VenueOrder) -> Session | None:
        owner = self.owner(order)
        return self._sessions.get(owner.client_id) if owner.order_id else None

    def _deliver(self, order: VenueOrder, stage: Stage, *messages: object) -> None:
        session = self._recipient(order)
        if session is not None:
            self._send(session, order, stage, *messages)

    def _send(self, session: Session, order: VenueOrder, stage: Stage, *messages: object) -> None:
        name = self._writer.instrument(order.symbol).name
        self._delivery.deliver(session, stage, messages, client_key=self._key(order), symbol=name)

    def _key(self, order: VenueOrder) -> str | None:
        request, owner = request_of(order), owner_of(order)
        return order.client_key if request is None or owner is None else key_of(request, owner)


def _before(fill: VenueFill, order: VenueOrder) -> VenueOrder:
    """Return an order as it was before its latest fill."""
    filled, value = order.filled_lots - fill.quantity_lots, order.filled_value - fill.value
    state = OrderState.PARTIALLY_FILLED if filled else OrderState.NEW
    return replace(order, filled_lots=filled, filled_value=value, state=state, live=True)
