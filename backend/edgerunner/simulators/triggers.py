"""Conditional orders: when they fire, and what becomes of them then.

A trigger is judged at every price of its symbol's market, and by users' own trades where it looks at the last price.
What the price did while the process was down fires nothing: the first price after a restart is judged like any other.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal

from edgerunner.simulators.accounts import Account
from edgerunner.simulators.engine import Engine
from edgerunner.simulators.funds import Funds
from edgerunner.simulators.venue_types import (
    OrderState,
    Trailing,
    Trigger,
    TriggerRule,
    TriggerSource,
    VenueInstrument,
    VenueOrder,
    VenueReject,
)
from edgerunner.simulators.work import Work


class Triggers:
    """Fires waiting orders. ``index_price`` gives the index of a symbol now."""

    def __init__(
        self,
        *,
        instruments: Mapping[str, VenueInstrument],
        accounts: Mapping[str, Account],
        engine: Engine,
        funds: Funds,
        index_price: Callable[[str], Decimal],
    ) -> None:
        self._instruments = instruments
        self._accounts = accounts
        self._engine = engine
        self._funds = funds
        self._index_price = index_price

    def are_waiting(self, symbol: str) -> bool:
        """Tell whether any order of a symbol waits for a trigger."""
        return any(account.orders.waiting(symbol) for account in self._accounts.values())

    def on_market(self, work: Work, symbol: str, ticks: int) -> None:
        """Judge the triggers of a symbol when its market stands at ``ticks``."""
        for order in self._waiting(symbol):
            current = self._follow(work, order, ticks)
            if self.is_due(current, ticks):
                self.fire(work, current, ticks)

    def on_trade(self, work: Work, symbol: str, ticks: int) -> None:
        """Judge the triggers that look at the last price after a user's own trade at ``ticks``."""
        for order in self._waiting(symbol):
            if order.trigger is not None and order.trigger.source is TriggerSource.LAST:
                current = self._follow(work, order, ticks)
                if self.is_due(current, ticks):
                    self.fire(work, current, ticks)

    def fire(self, work: Work, order: VenueOrder, ticks: int) -> None:
        """Let a waiting order go to the book; without a position to close, or money, it ends here."""
        account, engine = self._accounts[order.account_id], self._engine
        if account.orders.get_live(order.order_id) != order:
            return
        for sibling in self._siblings(account, order):
            engine.close(work, sibling, "oco")
        triggered = engine.stamped(replace(order, state=OrderState.TRIGGERED, is_triggered=True))
        engine.save(work, order, triggered)
        wanted = self._fitted(triggered)
        if wanted.reduce_only and not wanted.quantity_lots:
            engine.close(work, triggered, "reduce_only")
            return
        taker, plan = engine.plan(wanted, ticks)
        try:
            self._funds.check(account, wanted, plan)
        except VenueReject:
            engine.close(work, triggered, "insufficient_funds", OrderState.REJECTED)
            return
        engine.execute(work, wanted, taker, plan, listed=triggered)

    def is_reached_now(self, symbol: str, trigger: Trigger, ticks: int) -> bool:
        """Tell whether a trigger would fire at once when the market stands at ``ticks``."""
        return is_at(trigger, *self._compared(symbol, trigger, ticks))

    def _waiting(self, symbol: str) -> list[VenueOrder]:
        return [order for account in self._accounts.values() for order in account.orders.waiting(symbol)]

    def is_due(self, order: VenueOrder, ticks: int) -> bool:
        """Tell whether a waiting order fires when the market stands at ``ticks``."""
        if order.state is OrderState.HELD or order.trigger is None:
            return False
        if order.trailing is not None and order.trailing.best_ticks is None:
            return False
        return self.is_reached_now(order.symbol, order.trigger, ticks)

    def _compared(self, symbol: str, trigger: Trigger, ticks: int) -> tuple[Decimal, Decimal]:
        instrument = self._instruments[symbol]
        source = self._index_price(symbol) if trigger.source is TriggerSource.INDEX else instrument.price(ticks)
        return source, instrument.price(trigger.price_ticks)

    def _follow(self, work: Work, order: VenueOrder, ticks: int) -> VenueOrder:
        """Let a trailing stop follow the price: written, but told to nobody until it fires."""
        if order.trailing is None or order.trigger is None or order.state is OrderState.HELD:
            return order
        trailing, stop = followed(order.trailing, order.trigger, ticks)
        if trailing == order.trailing:
            return order
        after = replace(order, trailing=trailing, trigger=stop)
        self._accounts[order.account_id].track(self._instruments[order.symbol], order, after)
        work.transaction.orders[order.order_id] = after
        return after

    def _siblings(self, account: Account, order: VenueOrder) -> list[VenueOrder]:
        if order.oco_id is None:
            return []
        waiting = account.orders.waiting(order.symbol)
        return [each for each in waiting if each.oco_id == order.oco_id and each.order_id != order.order_id]

    def _fitted(self, order: VenueOrder) -> VenueOrder:
        """Return a triggered order as it meets the book: a reducing one no larger than the position."""
        fitted = replace(order, state=OrderState.NEW)
        if not order.reduce_only:
            return fitted
        closable = self._engine.closable(order)
        lots = closable if not order.quantity_lots else min(order.quantity_lots, closable)
        return replace(fitted, quantity_lots=lots)


def is_at(trigger: Trigger, source: Decimal, price: Decimal) -> bool:
    """Tell whether a source price has reached a trigger's price."""
    return source >= price if trigger.rule is TriggerRule.RISE else source <= price


def followed(trailing: Trailing, trigger: Trigger, ticks: int) -> tuple[Trailing, Trigger]:
    """Return a trailing stop and its trigger after the price was at ``ticks``.

    A stop that sells (fires on a fall) stays the distance below the highest price since it was activated, one that
    buys stays above the lowest.
    """
    sells = trigger.rule is TriggerRule.FALL
    best, start = trailing.best_ticks, trailing.activation_ticks
    if best is None and start is not None and (ticks < start if sells else ticks > start):
        return trailing, trigger
    if best is None:
        best = ticks
    best = max(best, ticks) if sells else min(best, ticks)
    distance = trailing.distance(best)
    price = best - distance if sells else best + distance
    return replace(trailing, best_ticks=best), replace(trigger, price_ticks=max(1, price))
