"""Whose exit is this? Pure search for the parent that a broker does not name."""

from collections.abc import Iterable
from decimal import Decimal

from edgerunner.adapters.broker import OrderReport
from edgerunner.domain.orders import Order, OrderTerms, OrderType

CLOCKS_APART_NS = 5 * 10**9
"""How far the broker's clock, which dates the exit, may be behind ours, which dates the parent."""

_STOPS = frozenset({OrderType.STOP_MARKET, OrderType.STOP_LIMIT})


def parent_of(report: OrderReport, candidates: Iterable[Order]) -> Order | None:
    """Return the newest order whose attached terms the reported exit carries, or None.

    Such an order is of the same account, instrument and leg, of the other side, was made before
    the exit, was not refused, and has a take profit or stop loss at the exit's trigger price.
    """
    fitting = [
        order
        for order in candidates
        if order.account_id == report.account_id
        and order.client_order_id != report.client_order_id
        and order.denied is None
        and (report.created_at_ns is None or order.created_at_ns <= report.created_at_ns + CLOCKS_APART_NS)
        and _carries(order.terms, report.terms)
    ]
    return max(fitting, key=lambda order: order.created_at_ns, default=None)


def _carries(parent: OrderTerms, child: OrderTerms) -> bool:
    is_opposite = parent.instrument_id == child.instrument_id and parent.side is child.side.opposite
    is_same_leg = child.position_id is None or parent.position_id in {None, child.position_id}
    wanted = _exit_price(parent, child)
    return is_opposite and is_same_leg and wanted is not None and wanted == child.trigger_price


def _exit_price(parent: OrderTerms, child: OrderTerms) -> Decimal | None:
    """Return the price at which the parent wanted this kind of exit, or None."""
    if child.order_type in _STOPS:
        return parent.stop_loss.trigger_price if parent.stop_loss else None
    return parent.take_profit.price if parent.take_profit else None
