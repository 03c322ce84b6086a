"""What a bar shows of the market: trades, bids, asks, the middle between them, or bid and ask together.

Open and close of quote bars are the quotes at the bar's ends; their high and low lie at most one spread beyond what was
quoted (they are the traded extremes and the spread). The number of trades is a figure made up from the volume.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from edgerunner.simulators.tws.history.prices import PriceBar
from edgerunner.simulators.tws.wire.history_messages import HistoricalBar

NOT_TOLD: Final = Decimal(-1)
_SHARES_OF_A_TRADE: Final = 100
_AVERAGE_STEP: Final = Decimal("0.001")
Shape = tuple[Decimal, Decimal, Decimal, Decimal]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One way to show a bar; ``shape`` gives open, high, low and close of a bar and the spread."""

    shape: Callable[[PriceBar, Decimal], Shape]
    needs_trades: bool = False


def _trades(bar: PriceBar, _: Decimal) -> Shape:
    return bar.open, bar.high, bar.low, bar.close


def _bid(bar: PriceBar, spread: Decimal) -> Shape:
    return bar.opening_quote[0], bar.high, bar.low - spread, bar.closing_quote[0]


def _ask(bar: PriceBar, spread: Decimal) -> Shape:
    return bar.opening_quote[1], bar.high + spread, bar.low, bar.closing_quote[1]


def _middle(bar: PriceBar, spread: Decimal) -> Shape:
    half = spread / 2
    first, last = ((bid + ask) / 2 for bid, ask in (bar.opening_quote, bar.closing_quote))
    return first, bar.high + half, bar.low - half, last


def _bid_ask(bar: PriceBar, spread: Decimal) -> Shape:
    """Open = average bid, high = highest ask, low = lowest bid, close = average ask, as IB's documentation says."""
    half = spread / 2
    return bar.average - half, bar.high + spread, bar.low - spread, bar.average + half


VIEWS: Final = {
    "TRADES": View(shape=_trades, needs_trades=True),
    "ADJUSTED_LAST": View(shape=_trades, needs_trades=True),
    "MIDPOINT": View(shape=_middle),
    "BID": View(shape=_bid),
    "ASK": View(shape=_ask),
    "BID_ASK": View(shape=_bid_ask),
}


def bar_of(label: str, bar: PriceBar, what_to_show: str, spread: Decimal) -> HistoricalBar:
    """Return a bar as it is told; only trades have a volume, an average and a count, of others they are -1."""
    view = VIEWS[what_to_show]
    first, high, low, last = view.shape(bar, spread)
    return HistoricalBar(
        date=label,
        open=first,
        high=high,
        low=low,
        close=last,
        volume=bar.volume if view.needs_trades else NOT_TOLD,
        average=bar.average.quantize(_AVERAGE_STEP) if view.needs_trades else NOT_TOLD,
        count=max(1, int(bar.volume) // _SHARES_OF_A_TRADE) if view.needs_trades and bar.volume else int(NOT_TOLD),
    )
