"""Takes the requests of all clients about orders; what it knows outlives their connections and this process."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import tzinfo
from decimal import Decimal

from edgerunner.simulators.tws.contracts.directory import Directory
from edgerunner.simulators.tws.delivery.delivery import Delivery
from edgerunner.simulators.tws.delivery.locating import located
from edgerunner.simulators.tws.delivery.stages import Stage
from edgerunner.simulators.tws.orders import refusal
from edgerunner.simulators.tws.orders.identity import Owner, key_of, request_of, with_rejection
from edgerunner.simulators.tws.orders.intake import Intake, OrderIntake
from edgerunner.simulators.tws.orders.messages import OrderWriter
from edgerunner.simulators.tws.orders.notices import notices_about
from edgerunner.simulators.tws.orders.refusal import OrderRefused
from edgerunner.simulators.tws.orders.register import OrderRegister
from edgerunner.simulators.tws.orders.reports import OrderReports
from edgerunner.simulators.tws.orders.untransmitted import Untransmitted, status_of_dropped
from edgerunner.simulators.tws.orders.what_if import want_of_margin, what_if_answer
from edgerunner.simulators.tws.session import Session, Sessions
from edgerunner.simulators.tws.wire.orders import PlaceOrder
from edgerunner.simulators.venue import Venue
from edgerunner.simulators.venue_types import (
    HistoryQuery,
    OrderRequest,
    OrderState,
    RejectReason,
    VenueOrder,
    VenueReject,
)


class OrderDesk:
    """Places, changes and cancels. Answers go out through the delivery; nothing is returned."""

    def __init__(
        self,
        venue: Venue,
        *,
        directory: Directory,
        accounts: Sequence[str],
        sessions: Sessions,
        delivery: Delivery,
        zone: tzinfo,
    ) -> None:
        self.venue = venue
        self.accounts = accounts
        self.writer = OrderWriter(instrument=venue.instrument, last_price=self._last_price, zone=zone)
        self.register = OrderRegister(venue)
        self.reports = OrderReports(venue, sessions=sessions, delivery=delivery, writer=self.writer)
        self._delivery = delivery
        self._intake = OrderIntake(venue, directory, accounts, zone)
        self._parked = Untransmitted()
        venue.add_listener(self.register.on_event)
        venue.add_listener(self.reports.on_event)
        venue.on_reset(self._forget)

    def place(self, session: Session, request: PlaceOrder) -> None:
        """Place an order, change the live one with its id, or park it until it is transmitted."""
        owner = Owner(client_id=session.client_id, order_id=request.order_id)
        try:
            self._place(session, owner, request)
        except OrderRefused as refused:
            self._refuse(session, owner, request, refused)

    def cancel(self, session: Session, order_id: int, *, seen: str | None = None) -> None:
        """Cancel an order of the client, or the one that it has ``seen`` under that id among all clients' orders."""
        owner = Owner(client_id=session.client_id, order_id=order_id)
        parked, order = self._parked.drop(owner), self._known(owner)
        if order is None or not order.live:
            order = self._find(seen) or order
        if parked is not None and (order is None or not order.live):
            self._drop(session, owner, parked)
        elif order is None:
            self._tell(session, Stage.REJECTED, refusal.not_found(order_id))
        elif not order.live:
            status = self.reports.standing(order).status
            self._tell(session, Stage.REJECTED, refusal.wrong_state(order_id, status), order=order)
        else:
            with self._canceled_by(session):
                self.venue.cancel(order.account_id, order.order_id)

    def cancel_all(self, session: Session) -> None:
        """Cancel every order of all clients, those entered by hand included."""
        for owner, request in self._parked.drop_all(session.client_id):
            known = self._known(owner)
            if known is None or not known.live:
                self._drop(session, owner, request)
        for account_id in self.accounts:
            self.venue.cancel_all(account_id)

    def live_orders(self) -> list[VenueOrder]:
        """Return the live orders of all clients, the oldest first."""
        orders = [order for account_id in self.accounts for order in self.venue.open_orders(account_id)]
        return sorted(orders, key=lambda order: order.number)

    def find(self, client_id: int, order_id: int) -> VenueOrder | None:
        """Return the latest order of a client's id, None when the venue has none."""
        return self._known(Owner(client_id=client_id, order_id=order_id))

    def _forget(self) -> None:
        self._parked.clear()
        self.register.restore()
        self.reports.restore()

    def _place(self, session: Session, owner: Owner, request: PlaceOrder) -> None:
        if request.order.what_if:
            self._preview(session, owner, request)
            return
        known = self._known(owner)
        live = known if known is not None and known.live else None
        if live is None and owner not in self._parked:
            self._check_id(owner, known)
            self.register.use(owner)
        if request.order.transmit:
            self._transmit(session, owner, request)
        else:
            self._intake.take(request, owner, known=live)
            self._parked.park(owner, request)

    def _check_id(self, owner: Owner, known: VenueOrder | None) -> None:
        if not 0 < owner.order_id <= refusal.HIGHEST_ORDER_ID:
            raise refusal.unreadable_id(owner.order_id)
        if self.register.is_used(owner):
            if known is not None and known.state is OrderState.FILLED:
                raise OrderRefused(refusal.ORDER_FILLED, "Can't modify a filled order.")
            raise OrderRefused(refusal.DUPLICATE_ORDER, "Duplicate order id")

    def _transmit(self, session: Session, owner: Owner, request: PlaceOrder) -> None:
        """Place or change an order after those that were parked for it: its parent and the parent's children."""
        self._parked.drop(owner)
        for relative, parked in self._parked.take_family(owner, request):
            self._submit(session, relative, parked)
        self._submit(session, owner, request)

    def _submit(self, session: Session, owner: Owner, request: PlaceOrder) -> None:
        known = self._known(owner)
        if known is not None and known.live:
            self._submit_change(session, known, owner, request)
            return
        try:
            self._submit_new(session, owner, request)
        except OrderRefused as refused:
            self._refuse(session, owner, request, refused)

    def _submit_new(self, session: Session, owner: Owner, request: PlaceOrder) -> None:
        parent_id = self._parent(owner, request)
        intake = self._intake.take(request, owner, parent_id=parent_id)
        if parent_id is None:
            self._remark(session, owner, request, intake)
        self._enter(intake.request)

    def _remark(self, session: Session, owner: Owner, request: PlaceOrder, intake: Intake) -> None:
        now = self.venue.clock.market_ns()
        hours = self.venue.session(intake.request.symbol, is_extended=intake.request.is_extended)
        remarks = list(notices_about(request, intake.listing, hours, now))
        if remarks:
            name = self.venue.instrument(intake.request.symbol).name
            self._delivery.deliver(session, Stage.NOTICE, remarks, client_key=key_of(request, owner), symbol=name)

    def _parent(self, owner: Owner, request: PlaceOrder) -> str | None:
        """Return the venue's id of the parent; a child of one that has filled stands alone."""
        wanted = request.order.parent_id
        if not wanted:
            return None
        parent = self.register.find(Owner(client_id=owner.client_id, order_id=wanted))
        if parent is None:
            raise OrderRefused(refusal.CANNOT_FIND, f"Can't find order with id = {wanted}")
        if parent.live:
            return parent.order_id
        if parent.state is OrderState.FILLED:
            return None
        raise refusal.rejected("Parent order is being cancelled.")

    def _enter(self, request: OrderRequest) -> None:
        name = self.venue.instrument(request.symbol).name
        request = located(self.venue.faults, request, name, self.venue.now_ns())
        try:
            self.venue.place(request)
        except VenueReject as reject:
            if reject.reason is not RejectReason.INSUFFICIENT_FUNDS:
                raise _refused(reject) from None
            reason = want_of_margin(self.venue.preview(request))
            wanted = replace(request, attributes=with_rejection(request.attributes, reason))
            self.venue.reject(wanted, reject.reason)

    def _preview(self, session: Session, owner: Owner, request: PlaceOrder) -> None:
        if not request.order.transmit:
            text = "What-if order should have the transmit flag set to true."
            raise OrderRefused(refusal.WHAT_IF_UNTRANSMITTED, text)
        intake = self._intake.take(request, owner)
        try:
            preview = self.venue.preview(intake.request)
        except VenueReject as reject:
            raise _refused(reject) from None
        answer = what_if_answer(request, owner, intake.listing, preview)
        self._delivery.deliver(session, Stage.ACKNOWLEDGED, [answer], client_key=key_of(request, owner))

    def _submit_change(self, session: Session, known: VenueOrder, owner: Owner, request: PlaceOrder) -> None:
        """Change a live order; the same request once more is a placement again, and changes nothing."""
        key = key_of(request, owner)
        if request_of(known) == request:
            self.venue.count_refused_placement(known.account_id, key, known.symbol, "the order is as wanted already")
            self.reports.repeat(known)
            return
        try:
            self._change(known, owner, request)
        except OrderRefused as refused:
            self._tell(session, Stage.REJECTED, refused.message(owner.order_id), order=known)

    def _change(self, known: VenueOrder, owner: Owner, request: PlaceOrder) -> None:
        intake = self._intake.take(request, owner, known=known, parent_id=known.parent_id)
        wanted = intake.request
        if (wanted.symbol, wanted.side, wanted.account_id) != (known.symbol, known.side, known.account_id):
            raise OrderRefused(refusal.NOT_THE_ORIGINAL, "Order being modified does not match original order.")
        try:
            self.venue.revise(known.account_id, known.order_id, wanted)
        except VenueReject as reject:
            raise OrderRefused(refusal.MODIFY_FAILED, f"Modify order failed. {reject.detail}") from None

    def _refuse(self, session: Session, owner: Owner, request: PlaceOrder, refused: OrderRefused) -> None:
        account_id = request.order.account if request.order.account in self.accounts else self.accounts[0]
        self.venue.count_refused_placement(account_id, key_of(request, owner), request.contract.symbol, str(refused))
        self._delivery.deliver(
            session,
            Stage.REJECTED,
            [refused.message(owner.order_id)],
            client_key=key_of(request, owner),
            symbol=request.contract.symbol,
        )

    def _drop(self, session: Session, owner: Owner, request: PlaceOrder) -> None:
        status = status_of_dropped(owner, request.order.total_quantity)
        self._tell(session, Stage.CANCELLED, status, refusal.canceled(owner.order_id))

    def _known(self, owner: Owner) -> VenueOrder | None:
        return self.register.find(owner) or self._find(self.reports.bound(owner))

    def _find(self, order_id: str | None) -> VenueOrder | None:
        if order_id is None:
            return None
        found = (self.venue.find_order(account_id, order_id=order_id) for account_id in self.accounts)
        return next((order for order in found if order is not None), None)

    @contextmanager
    def _canceled_by(self, session: Session) -> Iterator[None]:
        self.reports.canceler = session
        try:
            yield
        finally:
            self.reports.canceler = None

    def _tell(self, session: Session, stage: Stage, *messages: object, order: VenueOrder | None = None) -> None:
        key = order.client_key if order is not None else None
        self._delivery.deliver(session, stage, messages, client_key=key)

    def _last_price(self, order: VenueOrder) -> Decimal:
        query = HistoryQuery(account_id=order.account_id, order_id=order.order_id, limit=1)
        fills = self.venue.fill_history(query)
        return self.venue.instrument(order.symbol).price(fills[0].price_ticks) if fills else Decimal(0)


def _refused(reject: VenueReject) -> OrderRefused:
    match reject.reason:
        case RejectReason.EXPIRED:
            return OrderRefused(refusal.CONTRACT_EXPIRED, "Invalid order: contract expired.")
        case _:
            return refusal.rejected(reject.detail)
