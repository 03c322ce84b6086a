"""Exits of positions: made as orders fill, kept as large as the position, canceled with it."""

from collections.abc import Mapping
from dataclasses import replace

from edgerunner.matching.words import opposite
from edgerunner.simulators.accounts import Account
from edgerunner.simulators.engine import Engine
from edgerunner.simulators.order_factory import OrderFactory, closing_side
from edgerunner.simulators.triggers import followed
from edgerunner.simulators.venue_types import (
    ExitKind,
    ExitOrder,
    Exits,
    ExitScope,
    Leg,
    OrderRequest,
    Trailing,
    VenueFill,
    VenueInstrument,
    VenueOrder,
)
from edgerunner.simulators.work import Work

WHOLE_POSITION: frozenset[ExitKind] = frozenset({"take_profit", "stop_loss", "trailing_stop"})


class ExitKeeper:
    """Makes and keeps exits within a ``Work``."""

    def __init__(
        self,
        *,
        instruments: Mapping[str, VenueInstrument],
        accounts: Mapping[str, Account],
        engine: Engine,
        factory: OrderFactory,
    ) -> None:
        self._instruments = instruments
        self._accounts = accounts
        self._engine = engine
        self._factory = factory

    def after_fill(self, work: Work, fill: VenueFill) -> None:
        """Make the exits that came with an order, for what its fill opened."""
        order = work.transaction.orders.get(fill.order_id)
        if order is None or order.exits is None:
            return
        lots = self._opened(fill)
        if lots <= 0:
            return
        instrument = self._instruments[fill.symbol]
        if order.exits.scope is ExitScope.QUANTITY or instrument.is_spot:
            self._grow(work, order, order.exits, lots)
        elif not any(
            each.parent_id == order.order_id for each in self.of_position(fill.account_id, fill.symbol, fill.leg)
        ):
            self.set_whole(work, fill.account_id, fill.symbol, fill.leg, exits=order.exits, parent_id=order.order_id)

    def fit(self, work: Work, account_id: str, symbol: str, leg: Leg) -> None:
        """Cancel the exits of a closed (or turned) position; let those of the whole position have its size."""
        lots = self._lots(account_id, symbol, leg)
        for order in self.of_position(account_id, symbol, leg):
            if not lots or order.side != closing_side(lots):
                self._engine.close(work, order, "position_closed")
            elif order.exit_kind in WHOLE_POSITION and order.quantity_lots != abs(lots):
                self._engine.wait(work, replace(order, quantity_lots=abs(lots)), listed=order)

    def of_position(self, account_id: str, symbol: str, leg: Leg) -> list[VenueOrder]:
        """Return the waiting exits of a position."""
        waiting = self._accounts[account_id].orders.waiting(symbol)
        return [order for order in waiting if order.leg is leg and order.exit_kind is not None]

    def set_whole(
        self, work: Work, account_id: str, symbol: str, leg: Leg, *, exits: Exits, parent_id: str | None = None
    ) -> None:
        """Set the exits of a whole position, in place of those it has; a side that is None stays as it is."""
        lots = self._lots(account_id, symbol, leg)
        if not lots:
            return
        request = OrderRequest(
            account_id=account_id,
            symbol=symbol,
            side=closing_side(lots),
            order_type="market",
            quantity_lots=abs(lots),
            leg=leg,
            close_on_trigger=True,
        )
        sides: tuple[tuple[ExitKind, ExitOrder | None], ...] = (
            ("take_profit", exits.take_profit),
            ("stop_loss", exits.stop_loss),
        )
        for kind, wish in sides:
            if wish is not None:
                self._put_whole(work, request, kind, replace(wish, limit_ticks=None), parent_id=parent_id)

    def add_pair(
        self, work: Work, request: OrderRequest, exits: Exits, *, parent_id: str | None = None
    ) -> list[VenueOrder]:
        """Add exits of a quantity of their own; of two, the one that is triggered cancels the other."""
        is_spot = self._instruments[request.symbol].is_spot
        sides: tuple[tuple[ExitKind, ExitOrder | None], ...] = (
            ("take_profit" if is_spot else "partial_take_profit", exits.take_profit),
            ("stop_loss" if is_spot else "partial_stop_loss", exits.stop_loss),
        )
        made = [self._factory.exit(request, wish, kind) for kind, wish in sides if wish is not None]
        oco_id = made[0].order_id if len(made) == 2 else None
        return [self._engine.wait(work, replace(each, parent_id=parent_id, oco_id=oco_id)) for each in made]

    def trailing_of(self, account_id: str, symbol: str, leg: Leg) -> VenueOrder | None:
        """Return the trailing stop of a position."""
        found = (each for each in self.of_position(account_id, symbol, leg) if each.exit_kind == "trailing_stop")
        return next(found, None)

    def add_trailing(self, work: Work, request: OrderRequest, trailing: Trailing, mark_ticks: int) -> None:
        """Add a trailing stop of the whole position, which follows from the price ``mark_ticks`` on."""
        wish = ExitOrder(trigger_ticks=trailing.activation_ticks or mark_ticks)
        order = self._factory.exit(request, wish, "trailing_stop")
        if order.trigger is None:
            raise ValueError("an exit has a trigger")
        started, trigger = followed(trailing, order.trigger, mark_ticks)
        self._engine.wait(work, replace(order, trailing=started, trigger=trigger))

    def _put_whole(
        self, work: Work, request: OrderRequest, kind: ExitKind, wish: ExitOrder, *, parent_id: str | None
    ) -> None:
        known = self.of_position(request.account_id, request.symbol, request.leg)
        for order in known:
            if order.exit_kind == kind and order.trigger is not None:
                if (order.trigger.price_ticks, order.trigger.source) == (wish.trigger_ticks, wish.source):
                    return
                self._engine.close(work, order, "replaced")
        if wish.trigger_ticks:
            self._engine.wait(work, replace(self._factory.exit(request, wish, kind), parent_id=parent_id))

    def _grow(self, work: Work, order: VenueOrder, exits: Exits, lots: int) -> None:
        """Let the exits of an order grow with its fills; further ones are made once these have been triggered."""
        waiting = self._accounts[order.account_id].orders.waiting(order.symbol)
        children = [each for each in waiting if each.parent_id == order.order_id]
        for child in children:
            self._engine.wait(work, replace(child, quantity_lots=child.quantity_lots + lots), listed=child)
        if not children:
            request = OrderRequest(
                account_id=order.account_id,
                symbol=order.symbol,
                side=opposite(order.side),
                order_type="market",
                quantity_lots=lots,
                leg=order.leg,
                reduce_only=not self._instruments[order.symbol].is_spot,
            )
            self.add_pair(work, request, exits, parent_id=order.order_id)

    def _opened(self, fill: VenueFill) -> int:
        """Return the lots that a fill added; a spot buy that pays its fee in coins adds less than it bought."""
        instrument = self._instruments[fill.symbol]
        if instrument.is_spot and fill.fee_currency == instrument.instrument.base:
            return int((instrument.quantity(fill.quantity_lots) - fill.fee) / instrument.instrument.lot_step)
        return fill.quantity_lots - fill.closed_lots

    def _lots(self, account_id: str, symbol: str, leg: Leg) -> int:
        return self._accounts[account_id].position(self._instruments[symbol], leg).net.lots
