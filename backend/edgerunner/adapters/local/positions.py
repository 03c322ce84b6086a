"""Positions of the paper account as a broker reports them."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from edgerunner.adapters.broker import PositionReport
from edgerunner.adapters.local.money import Line, open_profit
from edgerunner.adapters.local.records import ACCOUNT_ID, LocalOrder
from edgerunner.domain.orders import OrderType

_STOPS: Final = frozenset({OrderType.STOP_MARKET, OrderType.STOP_LIMIT})


def position_report(line: Line, orders: Iterable[LocalOrder], *, leverage: Decimal, now_ns: int) -> PositionReport:
    """Return the position of one instrument, on which ``orders`` work; flat ones too."""
    units, lots = line.units, line.holding.net.lots
    exits = [order for order in orders if order.working.parent_id is not None]
    return PositionReport(
        account_id=ACCOUNT_ID,
        instrument_id=units.instrument.instrument_id,
        leg="net",
        quantity=units.quantity(lots),
        average_price=_average(line),
        mark_price=line.mark,
        unrealized_pnl=None if line.is_spot or line.mark is None else open_profit(line),
        leverage=None if line.is_spot else leverage,
        take_profit=_only(order.terms.trigger_price for order in exits if order.terms.order_type not in _STOPS),
        stop_loss=_only(order.terms.trigger_price for order in exits if order.terms.order_type in _STOPS),
        ts_event_ns=now_ns,
    )


def _average(line: Line) -> Decimal | None:
    """Return the average entry price; None when flat, and for coins, whose cost is not kept."""
    net, instrument = line.holding.net, line.units.instrument
    if not net.lots or line.is_spot:
        return None
    size = line.units.quantity(abs(net.lots)) * instrument.multiplier
    return size / net.cost if instrument.contract.is_inverse else net.cost / size


def _only(prices: Iterable[Decimal | None]) -> Decimal | None:
    """Return the price when there is one; None without one, or when they differ."""
    known = set(prices)
    return known.pop() if len(known) == 1 else None
