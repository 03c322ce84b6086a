"""Where an order goes once it is accepted: held, waiting for its trigger, or to the book."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from edgerunner.simulators.accounts import Account
from edgerunner.simulators.clock import NANOSECONDS
from edgerunner.simulators.engine import Engine
from edgerunner.simulators.funds import Funds
from edgerunner.simulators.sessions import AlwaysOpen, Hours
from edgerunner.simulators.triggers import Triggers
from edgerunner.simulators.venue_types import OrderState, VenueOrder, VenueReject
from edgerunner.simulators.work import Work

ORDER_EXPIRED = "expired"
PARENT_CANCELED = "parent_canceled"


class Routing:
    """Holds orders that may not trade yet: the parent has not filled, the market is closed, the time has not come.

    ``hours`` may be set, and may change with time. They and expiry are judged with the symbol's market, once a
    second: ``judge``.
    """

    def __init__(
        self,
        accounts: Mapping[str, Account],
        *,
        engine: Engine,
        triggers: Triggers,
        funds: Funds,
        mark_ticks: Callable[[str], int],
    ) -> None:
        self._accounts = accounts
        self._engine = engine
        self._triggers = triggers
        self._funds = funds
        self.hours: Hours = AlwaysOpen()
        self._mark_ticks = mark_ticks
        self._judged_s: dict[str, int] = {}

    def is_held(self, order: VenueOrder, time_ns: int) -> bool:
        """Tell whether an order may not trade yet."""
        is_early = order.starts_ns is not None and time_ns < order.starts_ns
        return is_early or self.is_child(order) or not self._is_open(order, time_ns)

    def is_child(self, order: VenueOrder) -> bool:
        """Tell whether an order waits for the fill of its parent."""
        if order.parent_id is None or order.exit_kind is not None:
            return False
        return self._accounts[order.account_id].orders.get_live(order.parent_id) is not None

    def admit(self, work: Work, order: VenueOrder, time_ns: int, *, listed: VenueOrder | None) -> None:
        """Bring a numbered order that is in no book to where it belongs now; ``listed`` = as it is listed so far.

        Without money for it, it is listed as rejected.
        """
        if self.is_held(order, time_ns):
            self._engine.wait(work, order, listed=listed, state=OrderState.HELD)
        elif order.trigger is not None and not order.is_triggered:
            waiting = self._engine.wait(work, order, listed=listed)
            ticks = self._mark_ticks(order.symbol)
            if self._triggers.is_due(waiting, ticks):
                self._triggers.fire(work, waiting, ticks)
        else:
            self._to_book(work, order, listed)

    def judge(self, work: Work, symbol: str, time_ns: int) -> None:
        """End the orders of a symbol that have expired, hold those whose market has closed, free those held too long.

        Prices of the symbol's book are those of ``time_ns``.
        """
        second = time_ns // NANOSECONDS
        if self._judged_s.get(symbol) == second:
            return
        self._judged_s[symbol] = second
        for account in self._accounts.values():
            for order in [each for each in account.orders.live() if each.symbol == symbol]:
                if account.orders.get_live(order.order_id) == order:
                    self._judge(work, order, time_ns)

    def release_children(self, work: Work, parent: VenueOrder, time_ns: int) -> None:
        """Free the orders that waited for a parent which is done; they end with one that did not fill."""
        for order in self._children(parent):
            if parent.state is OrderState.FILLED:
                self.admit(work, order, time_ns, listed=order)
            else:
                self._engine.close(work, order, PARENT_CANCELED)

    def _judge(self, work: Work, order: VenueOrder, time_ns: int) -> None:
        if order.expires_ns is not None and order.expires_ns <= time_ns:
            self._engine.close(work, order, ORDER_EXPIRED)
        elif order.state is OrderState.HELD:
            if not self.is_held(order, time_ns):
                self.admit(work, order, time_ns, listed=order)
        elif not self._is_open(order, time_ns):
            if not order.is_waiting:
                self._engine.withdraw(order)
            self._engine.wait(work, order, listed=order, state=OrderState.HELD)

    def _to_book(self, work: Work, order: VenueOrder, listed: VenueOrder | None) -> None:
        account = self._accounts[order.account_id]
        state = OrderState.PARTIALLY_FILLED if order.filled_lots else OrderState.NEW
        wanted = replace(order, state=state)
        taker, plan = self._engine.plan(wanted, self._mark_ticks(order.symbol))
        replaced = listed if listed is not None and not listed.is_waiting else None
        try:
            self._funds.check(account, wanted, plan, replaced=replaced)
        except VenueReject:
            rejected = replace(wanted, state=OrderState.REJECTED, cancel_reason="insufficient_funds", live=False)
            self._engine.save(work, listed, self._engine.stamped(rejected))
            return
        self._engine.execute(work, wanted, taker, plan, listed=listed)

    def _children(self, parent: VenueOrder) -> list[VenueOrder]:
        live = self._accounts[parent.account_id].orders.live()
        return [each for each in live if each.parent_id == parent.order_id and each.state is OrderState.HELD]

    def _is_open(self, order: VenueOrder, time_ns: int) -> bool:
        return self.hours.session(order.symbol, time_ns, is_extended=order.is_extended).is_on(time_ns)
