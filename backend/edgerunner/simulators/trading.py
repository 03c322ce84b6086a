"""Requests of clients: place, amend, cancel."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from edgerunner.domain.numbers import exact_arithmetic
from edgerunner.simulators.accounts import Account, position_view
from edgerunner.simulators.ledger import Placement
from edgerunner.simulators.rules import check_notional, check_price, check_quantity, check_shape
from edgerunner.simulators.venue_state import VenueState
from edgerunner.simulators.venue_types import (
    OrderRequest,
    RejectReason,
    VenueInstrument,
    VenueOrder,
    VenuePosition,
    VenueReject,
)
from edgerunner.simulators.work import Work


class Trading:
    """Checks a client's request, carries it out, tells what happened."""

    def __init__(self, state: VenueState) -> None:
        self._state = state

    def place(self, request: OrderRequest) -> VenueOrder:
        """Accept an order, match it, and return it as it then stands; raises ``VenueReject``.

        A placement is counted for the client key, refused or not. Post-only, FOK and IOC orders that cannot do what
        they want are accepted and come back canceled.
        """
        try:
            instrument, account = self._check(request)
            order = self._new_order(request)
            cap = self._cap_of_partial_fill(instrument, order)
            taker, plan = self._state.engine.plan(order, self._state.mark_ticks(order.symbol), cap)
            if taker.lots == 0:
                raise VenueReject(RejectReason.NOTIONAL_BELOW_MINIMUM, "the amount does not buy one step")
            self._state.funds.check(account, order, plan)
        except VenueReject as reject:
            self.count_refused_placement(request.account_id, request.client_key, request.symbol, reject.reason)
            raise
        order = self._numbered(order)
        work = Work()
        if order.client_key is not None:
            work.transaction.placements.append(_placement(request))
        with exact_arithmetic():
            order = self._state.engine.execute(work, order, taker, plan, park=cap is not None)
        self._state.commit(work)
        self._state.feed.wake()
        return order

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
        self, account_id: str, order_id: str, *, quantity_lots: int | None = None, price_ticks: int | None = None
    ) -> VenueOrder:
        """Change total quantity or price of a live order; raises ``VenueReject``.

        Only lowering the quantity keeps the place in the queue; anything else meets the book like a new order.
        """
        order = self.live_order(account_id, order_id)
        self._state.feed.advance(order.symbol)
        order = self.live_order(account_id, order_id)
        wanted = replace(
            order,
            quantity_lots=order.quantity_lots if quantity_lots is None else quantity_lots,
            price_ticks=order.price_ticks if price_ticks is None else price_ticks,
        )
        self._check_amendment(order, wanted)
        work = Work()
        if wanted.price_ticks == order.price_ticks and wanted.quantity_lots < order.quantity_lots:
            after = self._state.engine.shrink(work, order, wanted.quantity_lots)
        else:
            account = self._state.account(account_id)
            taker, plan = self._state.engine.plan(wanted, self._state.mark_ticks(order.symbol))
            self._state.funds.check(account, wanted, plan, replaced=order)
            with exact_arithmetic():
                after = self._state.engine.replace_order(work, order, wanted, taker=taker, plan=plan)
        self._state.commit(work)
        return after

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

    def set_leverage(self, account_id: str, symbol: str, leverage: Decimal) -> VenuePosition:
        """Set the leverage of a position; raises ``VenueReject`` (invalid_leverage, not_modified, funds)."""
        instrument, account = self._state.instrument(symbol), self._state.account(account_id)
        if instrument.is_spot or not leverage.is_finite() or not 1 <= leverage <= instrument.max_leverage:
            most = f"{instrument.max_leverage:f}"
            raise VenueReject(RejectReason.INVALID_LEVERAGE, f"leverage must lie between 1 and {most}")
        position = account.position(instrument)
        if position.leverage == leverage:
            raise VenueReject(RejectReason.NOT_MODIFIED, "the leverage is as wanted already")
        self._state.funds.check_leverage(account, instrument, leverage)
        account.positions[symbol] = replace(position, leverage=leverage)
        work = Work(positions={(account_id, symbol): None})
        self._state.commit(work)
        return position_view(account_id, instrument, account.positions[symbol])

    def broker_order(self, request: OrderRequest) -> VenueOrder:
        """Return an order that the broker itself makes, unchecked and not yet traded."""
        return self._numbered(self._new_order(request))

    def live_order(self, account_id: str, order_id: str) -> VenueOrder:
        """Return a live order; raises ``VenueReject`` (order_closed, unknown_order)."""
        order = self._state.account(account_id).orders.get_live(order_id)
        if order is not None:
            return order
        if self._state.ledger.find_order(account_id, order_id) is not None:
            raise VenueReject(RejectReason.ORDER_CLOSED, f"order {order_id} is closed")
        raise VenueReject(RejectReason.UNKNOWN_ORDER, f"there is no order {order_id}")

    def _check(self, request: OrderRequest) -> tuple[VenueInstrument, Account]:
        instrument, account = self._state.instrument(request.symbol), self._state.account(request.account_id)
        key = request.client_key
        if key is not None and self._state.ledger.has_client_key(account.account_id, key):
            raise VenueReject(RejectReason.DUPLICATE_CLIENT_KEY, f"an order with the key {key} exists")
        if self._state.market.is_halted(request.symbol):
            raise VenueReject(RejectReason.HALTED, f"trading in {instrument.name} is halted")
        check_shape(instrument, request)
        self._state.feed.advance(request.symbol)
        mark = self._state.mark_ticks(request.symbol)
        is_market = request.order_type == "market"
        if request.quote_amount is None:
            check_quantity(instrument, request.quantity_lots, is_market=is_market)
        if request.price_ticks is not None:
            check_price(instrument, request.side, request.price_ticks, mark)
        if request.reduce_only:
            self._check_reduces(account, instrument, request)
        else:
            value = instrument.value(request.price_ticks or mark, request.quantity_lots)
            check_notional(instrument, value if request.quote_amount is None else request.quote_amount)
        if account.orders.live_count(request.symbol) >= instrument.max_open_orders and not is_market:
            most = instrument.max_open_orders
            raise VenueReject(RejectReason.TOO_MANY_ORDERS, f"{most} orders of {instrument.name} are open already")
        return instrument, account

    def _check_reduces(self, account: Account, instrument: VenueInstrument, request: OrderRequest) -> None:
        closable = account.position(instrument).net.closable(request.side)
        if request.quantity_lots > closable:
            most = instrument.quantity(closable)
            raise VenueReject(
                RejectReason.REDUCE_ONLY_REJECTED, f"a reduce-only {request.side} may close {most:f} at most"
            )

    def _check_amendment(self, order: VenueOrder, wanted: VenueOrder) -> None:
        instrument = self._state.instrument(order.symbol)
        if wanted == order:
            raise VenueReject(RejectReason.NOT_MODIFIED, "the order is as wanted already")
        check_quantity(instrument, wanted.quantity_lots, is_market=False)
        if wanted.quantity_lots <= order.filled_lots:
            filled = instrument.quantity(order.filled_lots)
            raise VenueReject(
                RejectReason.QUANTITY_NOT_ABOVE_FILLED, f"the new quantity must be above the {filled:f} filled"
            )
        ticks = wanted.price_ticks or 0
        if ticks != order.price_ticks:
            check_price(instrument, order.side, ticks, self._state.mark_ticks(order.symbol))
        if not order.reduce_only:
            check_notional(instrument, instrument.value(ticks, wanted.quantity_lots))
        elif wanted.leaves_lots > order.leaves_lots:
            closable = self._state.account(order.account_id).position(instrument).net.closable(order.side)
            if wanted.leaves_lots > closable:
                raise VenueReject(RejectReason.REDUCE_ONLY_REJECTED, "the new quantity is more than the position")

    def _new_order(self, request: OrderRequest) -> VenueOrder:
        now = self._state.clock.now_ns()
        is_market = request.order_type == "market"
        return VenueOrder(
            number=0,
            order_id="",
            client_key=request.client_key,
            account_id=request.account_id,
            symbol=request.symbol,
            side=request.side,
            order_type=request.order_type,
            time_in_force="ioc" if is_market and request.time_in_force != "fok" else request.time_in_force,
            reduce_only=request.reduce_only,
            quantity_lots=0 if request.quote_amount is not None else request.quantity_lots,
            price_ticks=None if is_market else request.price_ticks,
            quote_amount=request.quote_amount,
            self_match=request.self_match,
            created_ns=now,
            updated_ns=now,
            last_price_ticks=self._state.mark_ticks(request.symbol),
            attributes=dict(request.attributes),
            origin=request.origin,
        )

    def _numbered(self, order: VenueOrder) -> VenueOrder:
        number = self._state.numbers.next_order()
        return replace(order, number=number, order_id=self._state.numbers.order_id(number))

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


def _placement(request: OrderRequest) -> Placement:
    return Placement(account_id=request.account_id, client_key=request.client_key or "", symbol=request.symbol)


def _decimal(params: Mapping[str, object], name: str, usual: str) -> Decimal:
    return Decimal(str(params.get(name, usual)))
