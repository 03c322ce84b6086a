"""Makes orders of requests, and gives them their numbers."""

from collections.abc import Callable
from dataclasses import replace

from edgerunner.matching.words import Side
from edgerunner.simulators.clock import VirtualClock
from edgerunner.simulators.venue_types import ExitKind, ExitOrder, Leg, OrderRequest, Trigger, TriggerRule, VenueOrder
from edgerunner.simulators.work import Numbers


class OrderFactory:
    """New orders, not yet traded. ``mark_ticks`` gives the price of a symbol now."""

    def __init__(self, clock: VirtualClock, numbers: Numbers, mark_ticks: Callable[[str], int]) -> None:
        self._clock = clock
        self._numbers = numbers
        self._mark_ticks = mark_ticks

    def new(self, request: OrderRequest) -> VenueOrder:
        """Return an order without a number; an order against its leg only reduces it."""
        now = self._clock.now_ns()
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
            reduce_only=is_reducing(request),
            quantity_lots=0 if request.quote_amount is not None else request.quantity_lots,
            price_ticks=None if is_market else request.price_ticks,
            quote_amount=request.quote_amount,
            self_match=request.self_match,
            created_ns=now,
            updated_ns=now,
            last_price_ticks=self._mark_ticks(request.symbol),
            attributes=dict(request.attributes),
            origin=request.origin,
            trigger=request.trigger,
            leg=request.leg,
            exits=request.exits,
            close_on_trigger=request.close_on_trigger,
            trailing=request.trailing,
            group=request.group,
            parent_id=request.parent_id,
            is_extended=request.is_extended,
            expires_ns=request.expires_ns,
            starts_ns=request.starts_ns,
        )

    def revised(self, order: VenueOrder, request: OrderRequest) -> VenueOrder:
        """Return an order with the terms of a request, but its own identity, history and parent."""
        wanted = self.new(request)
        return replace(
            wanted,
            number=order.number,
            order_id=order.order_id,
            filled_lots=order.filled_lots,
            filled_value=order.filled_value,
            fees=order.fees,
            state=order.state,
            created_ns=order.created_ns,
            last_price_ticks=order.last_price_ticks,
            origin=order.origin,
            parent_id=order.parent_id,
            is_triggered=order.is_triggered and request.trigger is not None,
        )

    def numbered(self, order: VenueOrder) -> VenueOrder:
        """Return an order with the next number and its id."""
        number = self._numbers.next_order()
        return replace(order, number=number, order_id=self._numbers.order_id(number))

    def exit(self, request: OrderRequest, wish: ExitOrder, kind: ExitKind) -> VenueOrder:
        """Return a numbered exit; ``request`` says whose, on which side and how much."""
        trigger = Trigger(price_ticks=wish.trigger_ticks, rule=exit_rule(request.side, kind), source=wish.source)
        wanted = replace(
            request,
            order_type="market" if wish.limit_ticks is None else "limit",
            price_ticks=wish.limit_ticks,
            trigger=trigger,
        )
        return self.numbered(replace(self.new(wanted), exit_kind=kind))


def is_reducing(request: OrderRequest) -> bool:
    """Tell whether an order may only reduce a position."""
    is_against_leg = (request.leg, request.side) in {(Leg.LONG, "sell"), (Leg.SHORT, "buy")}
    return request.reduce_only or request.close_on_trigger or is_against_leg


def exit_rule(side: str, kind: ExitKind) -> TriggerRule:
    """Return how the price moves towards an exit that sells (of a long) or buys (of a short)."""
    is_profit = kind in {"take_profit", "partial_take_profit"}
    return TriggerRule.RISE if is_profit == (side == "sell") else TriggerRule.FALL


def closing_side(lots: int) -> Side:
    """Return the side that closes a position of signed lots."""
    return "sell" if lots > 0 else "buy"
