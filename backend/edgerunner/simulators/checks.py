"""What a venue refuses about a request before money and the book are asked."""

from dataclasses import replace

from edgerunner.simulators.accounts import Account
from edgerunner.simulators.order_factory import closing_side, exit_rule, is_reducing
from edgerunner.simulators.rules import check_notional, check_price, check_quantity, check_shape
from edgerunner.simulators.triggers import is_at
from edgerunner.simulators.venue_state import VenueState
from edgerunner.simulators.venue_types import (
    ExitKind,
    ExitOrder,
    Exits,
    ExitScope,
    OrderRequest,
    RejectReason,
    Trigger,
    VenueInstrument,
    VenueOrder,
    VenueReject,
)


class Checks:
    """Judges requests by the instrument's rules, the account's mode and positions, and the market."""

    def __init__(self, state: VenueState) -> None:
        self._state = state

    def place(self, request: OrderRequest) -> tuple[VenueInstrument, Account]:
        """Return whose and which instrument's order is asked for; raises ``VenueReject``."""
        instrument, account = self._state.instrument(request.symbol), self._state.account(request.account_id)
        key = request.client_key
        if (
            key is not None
            and self._state.catalogue.has_unique_keys
            and self._state.ledger.has_client_key(account.account_id, key)
        ):
            raise VenueReject(RejectReason.DUPLICATE_CLIENT_KEY, f"an order with the key {key} exists")
        if self._state.market.is_halted(request.symbol):
            raise VenueReject(RejectReason.HALTED, f"trading in {instrument.name} is halted")
        expiry = instrument.instrument.expires_at_ns
        if expiry is not None and self._state.clock.market_ns() >= expiry:
            raise VenueReject(RejectReason.EXPIRED, f"{instrument.name} has been delivered")
        check_shape(instrument, request)
        if request.leg not in account.legs(request.symbol):
            mode = "hedging" if request.symbol in account.hedging else "netting"
            raise VenueReject(RejectReason.POSITION_MODE, f"there is no leg {request.leg} in {mode} mode")
        self._state.feed.advance(request.symbol)
        self._check_size(instrument, account, request)
        if request.exits is not None:
            basis = request.price_ticks or self._reference(request.symbol, request.trigger)
            self._check_exits(instrument, request.side, request.exits, basis)
        self._check_count(account, instrument, request)
        if request.parent_id is not None and account.orders.get_live(request.parent_id) is None:
            raise VenueReject(RejectReason.UNKNOWN_ORDER, f"there is no live parent {request.parent_id}")
        return instrument, account

    def revise(self, order: VenueOrder, request: OrderRequest) -> None:
        """Raise ``VenueReject`` when a live order cannot take the terms of a request."""
        if (request.account_id, request.symbol, request.side, request.leg) != (
            order.account_id,
            order.symbol,
            order.side,
            order.leg,
        ):
            raise VenueReject(RejectReason.UNSUPPORTED, "account, instrument, side and leg of an order cannot change")
        instrument = self._state.instrument(order.symbol)
        check_shape(instrument, request)
        if request.trigger is not None and not order.is_triggered and request.trigger != order.trigger:
            self._check_trigger(instrument, request.trigger)
        if request.quantity_lots != order.quantity_lots:
            self._check_new_quantity(instrument, order, replace(order, quantity_lots=request.quantity_lots))
        if request.price_ticks is not None:
            check_price(instrument, order.side, request.price_ticks, self._reference(order.symbol, request.trigger))

    def amend(self, order: VenueOrder, wanted: VenueOrder) -> None:
        """Raise ``VenueReject`` when an order cannot become ``wanted``."""
        instrument = self._state.instrument(order.symbol)
        if wanted == order:
            raise VenueReject(RejectReason.NOT_MODIFIED, "the order is as wanted already")
        if wanted.trigger != order.trigger:
            self._check_trigger_change(instrument, order, wanted)
        if wanted.exits is not None and wanted.exits != order.exits:
            basis = wanted.price_ticks or self._reference(order.symbol, wanted.trigger)
            self._check_exits(instrument, order.side, wanted.exits, basis)
        if wanted.quantity_lots != order.quantity_lots:
            self._check_new_quantity(instrument, order, wanted)
        ticks = wanted.price_ticks or 0
        if ticks != (order.price_ticks or 0):
            if order.order_type == "market":
                raise VenueReject(RejectReason.INVALID_PRICE, "a market order has no price")
            check_price(instrument, order.side, ticks, self._reference(order.symbol, wanted.trigger))
        if not order.reduce_only and wanted.quantity_lots:
            basis = ticks or self._reference(order.symbol, wanted.trigger)
            check_notional(instrument, basis, wanted.quantity_lots)

    def exits_of_position(self, instrument: VenueInstrument, lots: int, exits: Exits) -> None:
        """Raise ``VenueReject`` for exits that make no sense for a position of signed lots as the market stands."""
        side = closing_side(lots)
        for kind, wish in _sides(exits):
            if wish is not None and wish.trigger_ticks:
                self._check_exit_shape(instrument, wish, exits.scope)
                trigger = Trigger(price_ticks=wish.trigger_ticks, rule=exit_rule(side, kind), source=wish.source)
                if self._state.triggers.is_reached_now(instrument.symbol, trigger, self._mark(instrument.symbol)):
                    raise VenueReject(RejectReason.EXIT_SIDE, f"the {kind.replace('_', ' ')} would fire at once")

    def _check_size(self, instrument: VenueInstrument, account: Account, request: OrderRequest) -> None:
        basis = self._reference(request.symbol, request.trigger)
        if request.trigger is not None:
            self._check_trigger(instrument, request.trigger)
        if request.quote_amount is None and not is_closing_all(request):
            check_quantity(instrument, request.quantity_lots, is_market=request.order_type == "market")
        if request.price_ticks is not None:
            check_price(instrument, request.side, request.price_ticks, basis)
        if is_reducing(request):
            if request.trigger is None:
                self._check_reduces(account, instrument, request)
        elif request.quote_amount is not None:
            check_notional(instrument, quote_amount=request.quote_amount)
        else:
            check_notional(instrument, request.price_ticks or basis, request.quantity_lots)

    def _check_count(self, account: Account, instrument: VenueInstrument, request: OrderRequest) -> None:
        symbol, name = request.symbol, instrument.name
        if request.trigger is not None:
            waiting = sum(order.exit_kind is None for order in account.orders.waiting(symbol))
            if waiting >= instrument.max_waiting_orders:
                raise VenueReject(RejectReason.TOO_MANY_WAITING, f"{waiting} orders of {name} wait already")
        elif account.orders.live_count(symbol) >= instrument.max_open_orders and request.order_type != "market":
            most = instrument.max_open_orders
            raise VenueReject(RejectReason.TOO_MANY_ORDERS, f"{most} orders of {name} are open already")

    def _check_trigger(self, instrument: VenueInstrument, trigger: Trigger) -> None:
        if not instrument.min_price_ticks <= trigger.price_ticks <= instrument.max_price_ticks:
            raise VenueReject(RejectReason.INVALID_TRIGGER, "the trigger price is out of the instrument's range")
        if trigger.may_be_reached:
            return
        if self._state.triggers.is_reached_now(instrument.symbol, trigger, self._mark(instrument.symbol)):
            way = "above" if trigger.rule == "rise" else "below"
            raise VenueReject(RejectReason.TRIGGER_SIDE, f"the trigger price must be {way} the present price")

    def _check_trigger_change(self, instrument: VenueInstrument, order: VenueOrder, wanted: VenueOrder) -> None:
        if not order.is_waiting or wanted.trigger is None or order.trailing is not None:
            raise VenueReject(RejectReason.INVALID_TRIGGER, "the order has no trigger price that can be changed")
        self._check_trigger(instrument, wanted.trigger)

    def _check_exits(self, instrument: VenueInstrument, side: str, exits: Exits, basis_ticks: int) -> None:
        """An order's exits lie on the right sides of the price at which it is meant to open."""
        closing = "sell" if side == "buy" else "buy"
        for kind, wish in _sides(exits):
            if wish is not None:
                self._check_exit_shape(instrument, wish, exits.scope)
                trigger = Trigger(price_ticks=wish.trigger_ticks, rule=exit_rule(closing, kind))
                if is_at(trigger, instrument.price(basis_ticks), instrument.price(wish.trigger_ticks)):
                    raise VenueReject(
                        RejectReason.EXIT_SIDE, f"the {kind.replace('_', ' ')} is on the wrong side of the price"
                    )

    def _check_exit_shape(self, instrument: VenueInstrument, wish: ExitOrder, scope: ExitScope) -> None:
        for ticks in (wish.trigger_ticks, wish.limit_ticks):
            if ticks is not None and not instrument.min_price_ticks <= ticks <= instrument.max_price_ticks:
                raise VenueReject(RejectReason.INVALID_EXIT, "an exit's price is out of the instrument's range")
        if wish.limit_ticks is not None and scope is ExitScope.POSITION:
            raise VenueReject(RejectReason.INVALID_EXIT, "an exit of the whole position is a market order")

    def _check_reduces(self, account: Account, instrument: VenueInstrument, request: OrderRequest) -> None:
        closable = account.position(instrument, request.leg).net.closable(request.side)
        if request.close_on_trigger and closable:
            return
        if request.quantity_lots > closable or not closable:
            most = instrument.quantity(closable)
            raise VenueReject(
                RejectReason.REDUCE_ONLY_REJECTED, f"a reduce-only {request.side} may close {most:f} at most"
            )

    def _check_new_quantity(self, instrument: VenueInstrument, order: VenueOrder, wanted: VenueOrder) -> None:
        check_quantity(instrument, wanted.quantity_lots, is_market=False)
        if wanted.quantity_lots <= order.filled_lots:
            filled = instrument.quantity(order.filled_lots)
            raise VenueReject(
                RejectReason.QUANTITY_NOT_ABOVE_FILLED, f"the new quantity must be above the {filled:f} filled"
            )
        if order.reduce_only and not order.is_waiting and wanted.leaves_lots > order.leaves_lots:
            position = self._state.account(order.account_id).position(instrument, order.leg)
            if wanted.leaves_lots > position.net.closable(order.side):
                raise VenueReject(RejectReason.REDUCE_ONLY_REJECTED, "the new quantity is more than the position")

    def _reference(self, symbol: str, trigger: Trigger | None) -> int:
        return self._mark(symbol) if trigger is None else trigger.price_ticks

    def _mark(self, symbol: str) -> int:
        return self._state.mark_ticks(symbol)


def is_closing_all(request: OrderRequest) -> bool:
    """Tell whether an order without a quantity means the whole position."""
    return request.quantity_lots == 0 and request.reduce_only and request.close_on_trigger


def _sides(exits: Exits) -> tuple[tuple[ExitKind, ExitOrder | None], ...]:
    return ("take_profit", exits.take_profit), ("stop_loss", exits.stop_loss)
