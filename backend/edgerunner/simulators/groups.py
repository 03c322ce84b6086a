"""Orders of a group: a fill of one cancels or reduces the others."""

from collections.abc import Mapping
from dataclasses import replace

from edgerunner.simulators.accounts import Account
from edgerunner.simulators.engine import Engine
from edgerunner.simulators.venue_types import GroupRule, OrderState, VenueFill, VenueOrder
from edgerunner.simulators.work import Work

GROUP_FILLED = "oco"


class Groups:
    """Follows fills of grouped orders."""

    def __init__(self, accounts: Mapping[str, Account], engine: Engine) -> None:
        self._accounts = accounts
        self._engine = engine

    def after_fill(self, work: Work, fill: VenueFill, order: VenueOrder) -> None:
        """Carry out what the fill of ``order`` (as it was right after it) means for the others of its group."""
        if order.group is None:
            return
        before = order.quantity_lots - order.filled_lots + fill.quantity_lots
        for other in self._others(order):
            if order.group.rule is GroupRule.CANCEL:
                self._engine.close(work, other, GROUP_FILLED)
            else:
                self._reduce(work, other, other.leaves_lots * fill.quantity_lots // before)

    def _others(self, order: VenueOrder) -> list[VenueOrder]:
        group = order.group
        live = self._accounts[order.account_id].orders.live()
        return [
            each
            for each in live
            if each.order_id != order.order_id
            and each.group is not None
            and group is not None
            and each.group.group_id == group.group_id
        ]

    def _reduce(self, work: Work, order: VenueOrder, lots: int) -> None:
        if lots >= order.leaves_lots:
            self._engine.close(work, order, GROUP_FILLED)
        elif lots:
            smaller = replace(order, quantity_lots=order.quantity_lots - lots)
            if order.is_waiting:
                self._engine.wait(work, smaller, listed=order, state=OrderState(order.state))
            else:
                self._engine.shrink(work, order, smaller)
