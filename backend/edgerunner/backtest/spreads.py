"""What a bar's recorded spread costs orders that take at any price."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgerunner.backtest.columns import BarColumns
from edgerunner.backtest.config import FillRule, SpreadRule
from edgerunner.backtest.grid import Grid
from edgerunner.backtest.orders import SimulatedOrder
from edgerunner.domain.errors import InvalidRequest
from edgerunner.domain.orders import OrderType


@dataclass(frozen=True, slots=True, kw_only=True)
class SpreadCosts:
    """Ticks that a taker pays, by the row of the bar at whose open it trades: the spread of the close before.

    One entry more than there are bars: what trades at a bar's close pays the spread of that close.
    """

    of_buyers: Sequence[int]
    of_sellers: Sequence[int]
    fills_at_close: bool

    def of(self, order: SimulatedOrder, row: int) -> int:
        """Return the ticks by which an order that takes in a row does worse."""
        costs = self.of_buyers if order.is_buy else self.of_sellers
        return costs[row + (self.fills_at_close and order.order_type is OrderType.MARKET)]


def spread_costs(key: str, columns: BarColumns, grid: Grid, *, rule: SpreadRule, fill: FillRule) -> SpreadCosts | None:
    """Return an instrument's costs; None without the rule. Raises ``InvalidRequest`` when the data tell no spread.

    An unknown spread is the newest known one, a negative one is none. Half a spread is rounded up to a tick.
    """
    if rule is SpreadRule.NONE:
        return None
    if columns.spread is None or not np.isfinite(columns.spread).any():
        raise InvalidRequest.of("spread", "no_data", f"the bars of {key} tell no spread; leave it out")
    newest = np.maximum.accumulate(np.where(np.isfinite(columns.spread), np.arange(len(columns)), -1))
    known = np.where(newest >= 0, columns.spread[np.maximum(newest, 0)], 0.0)
    ticks = np.maximum(0, np.rint(known * grid.per_tick)).astype(np.int64)
    whole = [0, *ticks.tolist()]
    half = [-(-each // 2) for each in whole]
    is_mid = rule is SpreadRule.MID
    return SpreadCosts(
        of_buyers=half if is_mid else whole,
        of_sellers=half if is_mid else [0] * len(whole),
        fills_at_close=fill is FillRule.SAME_CLOSE,
    )
