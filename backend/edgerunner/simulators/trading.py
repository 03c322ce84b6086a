"""Requests of clients: place, amend, cancel."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from edgerunner.domain.numbers import exact_arithmetic
from edgerunner.simulators.accounts import Account
from edgerunner.simulators.checks import Checks
from edgerunner.simulators.ledger_file import Placement
from edgerunner.simulators.venue_state import VenueState
from edgerunner.simulators.venue_types import (
    Exits,
    OrderRequest,
    OrderState,
    RejectReason,
    VenueInstrument,
    VenueOrder,
    VenueReject,
)
from edgerunner.simulators.work import Work


class Trading:
    """Checks a client's request, carries it out, tells what happened."""

    def __init__(self, state: VenueState) -> None:
        self._state = state
        self._checks = Checks(state)

    def place(self, request: OrderRequest) -> VenueOrder:
        """Accept an order, match it or let it wait, and return it as it then stands; raises ``VenueReject``.

        A placement is counted for the client key, refused or not. Post-only, FOK and IOC orders that cannot do what
        they want are accepted and come back canceled.
        """
        work = Work()
        try:
            instrument, account = self._checks.place(request)
            order = self._enter(work, instrument, account, self._state.factory.new(request))
        except VenueReject as reject:
            self.count_refused_placement(request.account_id, request.client_key, request.symbol, reject.reason)
            raise
        if order.client_key is not None:
            work.transaction.placements.append(_placement(request))
        self._state.commit(work)
        self._state.feed.wake()
        return work.transaction.orders[order.order_id]

    def reject(self, request: OrderRequest, reason: str) -> VenueOrder:
        """Keep an order that the broker took and then rejected, and return it; the placement is counted elsewhere."""
        self._state.account(request.account_id)
        work = Work()
        order = self._state.factory.numbered(self._state.factory.new(request))
        rejected = replace(order, state=OrderState.REJECTED, cancel_reason=reason, live=False)
        self._state.engine.save(work, None, self._state.engine.stamped(rejected))
        self._state.commit(work)
        return work.transaction.orders[order.order_id]

    def count_refused_placement(self, account_id: str, client_key: str | None, symbol: str, reason: str) -> None:
        """Count a placement frame that was refused before or in ``place``; without a key there is nothing to count."""
        if client_key is None:
            return
        work = Work()
        work.transaction.placements.append(
            Placement(account_id=account_id, client_key=client_key, symbol=symbol, reason=str(reason))
        )
        self._state.commit(work)

    def amend(
        self,
        account_id: str,
        order_id: str,
        *,
        quantity_lots: int | None = None,
        price_ticks: int | None = None,
        trigger_ticks: int | None = None,
        exits: Exits | None = None,
    ) -> VenueOrder:
        """Change a live order; raises ``VenueReject``. None leaves a thing as it is.

        Only lowering the quantity keeps the place in the queue; anything else meets the book like a new order. Of a
        waiting order the trigger price can be changed too. ``exits`` take the place of those it has; without sides
        they take them away.
        """
        order = self.live_order(account_id, order_id)
        self._state.feed.advance(order.symbol)
        order = self.live_order(account_id, order_id)
        trigger = order.trigger
        if trigger_ticks is not None:
            if trigger is None:
                raise VenueReject(RejectReason.INVALID_TRIGGER, "the order has no trigger")
            trigger = replace(trigger, price_ticks=trigger_ticks)
        wanted = replace(
            order,
            quantity_lots=order.quantity_lots if quantity_lots is None else quantity_lots,
            price_ticks=order.price_ticks if price_ticks is None else price_ticks,
            trigger=trigger,
            exits=order.exits if exits is None else _some(exits),
        )
        self._checks.amend(order, wanted)
        work = Work()
        with exact_arithmetic():
            self._change(work, order, wanted)
        self._state.commit(work)
        return work.transaction.orders[order_id]

    def revise(self, account_id: str, order_id: str, request: OrderRequest) -> VenueOrder:
        """Give a live order the terms of a request and return it; raises ``VenueReject``.

        Type, prices, quantity (the total), time in force, trigger, group and attributes can change; identity, account,
        instrument, side and parent stay. Only a smaller quantity at the same price keeps the place in the queue.
        """
        self._state.feed.advance(self.live_order(account_id, order_id).symbol)
        order = self.live_order(account_id, order_id)
        self._checks.revise(order, request)
        wanted = self._state.factory.revised(order, request)
        work = Work()
        with exact_arithmetic():
            self._rework(work, order, wanted)
        self._state.commit(work)
        self._state.feed.wake()
        return work.transaction.orders[order_id]

    def cancel(self, account_id: str, order_id: str, *, reason: str = "user") -> VenueOrder:
        """Cancel a live order and return it; raises ``VenueReject`` (order_closed, unknown_order)."""
        order = self.live_order(account_id, order_id)
        work = Work()
        with exact_arithmetic():
            after = self._state.engine.close(work, order, reason)
        self._state.commit(work)
        return after

    def cancel_all(
        self, account_id: str, symbols: frozenset[str] | None = None, *, reason: str = "user"
    ) -> list[VenueOrder]:
        """Cancel every live order (of some symbols) and return them, oldest first."""
        account = self._state.account(account_id)
        orders = [order for order in account.orders.live() if symbols is None or order.symbol in symbols]
        work = Work()
        with exact_arithmetic():
            canceled = [self._state.engine.close(work, order, reason) for order in orders]
        self._state.commit(work)
        return canceled

    def live_order(self, account_id: str, order_id: str) -> VenueOrder:
        """Return a live order; raises ``VenueReject`` (order_closed, unknown_order)."""
        order = self._state.account(account_id).orders.get_live(order_id)
        if order is not None:
            return order
        if self._state.ledger.find_order(account_id, order_id) is not None:
            raise VenueReject(RejectReason.ORDER_CLOSED, f"order {order_id} is closed")
        raise VenueReject(RejectReason.UNKNOWN_ORDER, f"there is no order {order_id}")

    def _enter(self, work: Work, instrument: VenueInstrument, account: Account, order: VenueOrder) -> VenueOrder:
        now, routing = self._state.clock.market_ns(), self._state.routing
        if order.trigger is None and not routing.is_held(order, now):
            return self._match(work, instrument, account, order)
        numbered = self._state.factory.numbered(order)
        with exact_arithmetic():
            routing.admit(work, numbered, now, listed=None)
        return work.transaction.orders[numbered.order_id]

    def _rework(self, work: Work, order: VenueOrder, wanted: VenueOrder) -> None:
        engine = self._state.engine
        is_in_book = not order.is_waiting
        if is_in_book and _keeps_its_place(order, wanted):
            engine.shrink(work, order, wanted)
            return
        now = self._state.clock.market_ns()
        if (wanted.trigger is None or wanted.is_triggered) and not self._state.routing.is_held(wanted, now):
            _, plan = engine.plan(replace(wanted, state=OrderState.NEW), self._state.mark_ticks(order.symbol))
            account = self._state.account(order.account_id)
            self._state.funds.check(account, wanted, plan, replaced=order if is_in_book else None)
        if is_in_book:
            engine.withdraw(order)
        self._state.routing.admit(work, wanted, now, listed=order)

    def _match(self, work: Work, instrument: VenueInstrument, account: Account, order: VenueOrder) -> VenueOrder:
        """Let a new order meet the book; an order to close all of a position gets the position's size."""
        if order.reduce_only and order.close_on_trigger:
            closable = self._state.engine.closable(order)
            order = replace(order, quantity_lots=min(order.quantity_lots or closable, closable))
        cap = self._cap_of_partial_fill(instrument, order)
        taker, plan = self._state.engine.plan(order, self._state.mark_ticks(order.symbol), cap)
        if taker.lots == 0:
            raise VenueReject(RejectReason.NOTIONAL_BELOW_MINIMUM, "the amount does not buy one step")
        self._state.funds.check(account, order, plan)
        with exact_arithmetic():
            numbered = self._state.factory.numbered(order)
            return self._state.engine.execute(work, numbered, taker, plan, park=cap is not None)

    def _change(self, work: Work, order: VenueOrder, wanted: VenueOrder) -> None:
        engine = self._state.engine
        if order.is_waiting:
            engine.wait(work, wanted, listed=order)
        elif wanted.price_ticks == order.price_ticks and wanted.quantity_lots <= order.quantity_lots:
            engine.shrink(work, order, wanted)
        else:
            account = self._state.account(order.account_id)
            taker, plan = engine.plan(wanted, self._state.mark_ticks(order.symbol))
            self._state.funds.check(account, wanted, plan, replaced=order)
            engine.replace_order(work, order, wanted, taker=taker, plan=plan)

    def _cap_of_partial_fill(self, instrument: VenueInstrument, order: VenueOrder) -> int | None:
        """Return how many lots the ``partial_fill`` fault lets an order trade at once, None without the fault."""
        params = self._state.faults.take(
            self._state.name, "partial_fill", op="place", client_key=order.client_key, symbol=instrument.name
        )
        if params is None:
            return None
        if "quantity" in params:
            return int(_decimal(params, "quantity", "0") / instrument.instrument.lot_step)
        return int(order.quantity_lots * _decimal(params, "fraction", "0.5"))


def _some(exits: Exits) -> Exits | None:
    return exits if exits.take_profit is not None or exits.stop_loss is not None else None


def _keeps_its_place(order: VenueOrder, wanted: VenueOrder) -> bool:
    same = replace(
        wanted,
        quantity_lots=order.quantity_lots,
        attributes=order.attributes,
        client_key=order.client_key,
        expires_ns=order.expires_ns,
        starts_ns=order.starts_ns,
        group=order.group,
        updated_ns=order.updated_ns,
        sequence=order.sequence,
        is_extended=order.is_extended,
    )
    return same == order and wanted.quantity_lots <= order.quantity_lots


def _placement(request: OrderRequest) -> Placement:
    return Placement(account_id=request.account_id, client_key=request.client_key or "", symbol=request.symbol)


def _decimal(params: Mapping[str, object], name: str, usual: str) -> Decimal:
    return Decimal(str(params.get(name, usual)))
