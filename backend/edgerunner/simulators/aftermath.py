"""What fills and ends of orders lead to within the same change, and what these lead to.

Exits are made or canceled, orders of a group reduced, children released, triggers fired.
"""

from collections.abc import Callable

from edgerunner.simulators.exits import ExitKeeper
from edgerunner.simulators.groups import Groups
from edgerunner.simulators.routing import Routing
from edgerunner.simulators.triggers import Triggers
from edgerunner.simulators.venue_types import FillHappened, OrderChanged, VenueEvent
from edgerunner.simulators.work import Work


class Aftermath:
    """Follows a ``Work`` until nothing follows any more: a trigger fires once, so that this ends."""

    def __init__(
        self,
        *,
        exits: ExitKeeper,
        groups: Groups,
        routing: Routing,
        triggers: Triggers,
        now_ns: Callable[[], int],
    ) -> None:
        self._exits = exits
        self._groups = groups
        self._routing = routing
        self._triggers = triggers
        self._now_ns = now_ns

    def follow(self, work: Work) -> None:
        """Carry out what has not been followed yet: fills first, then ends of orders, then the tape."""
        fills, events, prints = work.transaction.fills, work.events, work.prints
        while (
            work.followed_fills < len(fills) or work.followed_events < len(events) or work.followed_prints < len(prints)
        ):
            if work.followed_fills < len(fills):
                fill = fills[work.followed_fills]
                work.followed_fills += 1
                self._exits.after_fill(work, fill)
                if (fill.account_id, fill.symbol, fill.leg) in work.positions:
                    self._exits.fit(work, fill.account_id, fill.symbol, fill.leg)
                continue
            if work.followed_events < len(events):
                event = events[work.followed_events]
                work.followed_events += 1
                self._follow_order(work, event)
                continue
            trade = prints[work.followed_prints]
            work.followed_prints += 1
            self._triggers.on_trade(work, trade.symbol, trade.price_ticks)

    def _follow_order(self, work: Work, event: VenueEvent) -> None:
        match event:
            case FillHappened(fill=fill, order=order):
                self._groups.after_fill(work, fill, order)
            case OrderChanged(order=order) if not order.live:
                self._routing.release_children(work, order, self._now_ns())
