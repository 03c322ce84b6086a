"""Closed round trips, made of the fills after the run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from edgerunner.backtest.columns import BarColumns
from edgerunner.backtest.grid import from_money
from edgerunner.backtest.records import MILLISECOND_NS, FillRow
from edgerunner.backtest.result import Trade
from edgerunner.domain.orders import Side


@dataclass(slots=True)
class _OpenTrip:
    """Sums of a round trip that is not closed; values are ticks times lots."""

    first: FillRow
    sign: int
    opened_lots: int = 0
    opened_value: int = 0
    closed_lots: int = 0
    closed_value: int = 0
    fees: int = 0
    realized: int = 0


def trades(fills: Sequence[FillRow], bars: Mapping[str, BarColumns]) -> tuple[Trade, ...]:
    """Return the round trips that ended flat or turned round, in the order of closing.

    A fill that turns a position round closes one trip and opens the next; its fee is shared by lots. ``bars`` give
    the extremes while a trip was open; without them (ticks) they are None.
    """
    open_trips: dict[str, _OpenTrip] = {}
    closed: list[Trade] = []
    for fill in fills:
        key = fill.market.key
        trip = open_trips.get(key)
        left, fee = fill.signed_lots, fill.fee_base
        if trip is not None and left * trip.sign < 0:
            closing = min(abs(left), trip.opened_lots - trip.closed_lots)
            share = fee * closing // abs(left)
            trip.closed_lots += closing
            trip.closed_value += closing * fill.ticks
            trip.realized += fill.realized_base
            trip.fees += share
            left += closing * trip.sign
            fee -= share
            if trip.closed_lots == trip.opened_lots:
                closed.append(_trade(trip, fill, bars.get(key)))
                del open_trips[key]
                trip = None
        if left:
            if trip is None:
                trip = open_trips[key] = _OpenTrip(fill, 1 if left > 0 else -1)
            trip.opened_lots += abs(left)
            trip.opened_value += abs(left) * fill.ticks
            trip.fees += fee
    return tuple(closed)


def _trade(trip: _OpenTrip, last: FillRow, bars: BarColumns | None) -> Trade:
    market = last.market
    grid = market.grid
    entry_price = grid.tick * Decimal(trip.opened_value) / Decimal(trip.opened_lots)
    exit_price = grid.tick * Decimal(trip.closed_value) / Decimal(trip.closed_lots)
    mae, mfe = _excursions(trip, last, bars, float(entry_price))
    return Trade(
        instrument_id=market.key,
        side=Side.BUY if trip.sign > 0 else Side.SELL,
        quantity=grid.exact_quantity(trip.opened_lots),
        entry_time_ms=trip.first.time_ns // MILLISECOND_NS,
        entry_price=entry_price,
        exit_time_ms=last.time_ns // MILLISECOND_NS,
        exit_price=exit_price,
        pnl=from_money(trip.realized - trip.fees),
        fees=from_money(trip.fees),
        bars_held=last.row - trip.first.row,
        mae=mae,
        mfe=mfe,
    )


def _excursions(
    trip: _OpenTrip, last: FillRow, bars: BarColumns | None, entry: float
) -> tuple[Decimal | None, Decimal | None]:
    if bars is None:
        return None, None
    rows = slice(trip.first.row, last.row + 1)
    lowest, highest = float(bars.low[rows].min()), float(bars.high[rows].max())
    market = last.market
    units = market.grid.quantity(trip.opened_lots) * float(market.instrument.multiplier) * trip.sign
    at_low, at_high = (_profit(entry, price, units, is_inverse=market.grid.is_inverse) for price in (lowest, highest))
    return _money(min(0.0, at_low, at_high)), _money(max(0.0, at_low, at_high))


def _profit(entry: float, price: float, units: float, *, is_inverse: bool) -> float:
    return units * (1 / entry - 1 / price) if is_inverse else units * (price - entry)


def _money(amount: float) -> Decimal:
    return Decimal(repr(round(amount, 8)))
