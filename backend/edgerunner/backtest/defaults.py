"""What is assumed when a run is given prices and nothing else."""

from decimal import Decimal

import numpy as np

from edgerunner.backtest.columns import BarColumns, Floats
from edgerunner.domain.instruments import Instrument, Product, QuantityUnit

LARGEST_PLACES = 8
DEFAULT_ID = "DATA.LOCAL"


def decimal_places(columns: BarColumns) -> int:
    """Return the decimal places of the prices, at most 8."""
    return max(_places(values) for values in (columns.open, columns.high, columns.low, columns.close))


def default_instrument(columns: BarColumns, currency: str) -> Instrument:
    """Return an instrument that refuses nothing: any quantity of 8 decimals, long and short, up to the equity."""
    return Instrument(
        instrument_id=DEFAULT_ID,
        venue_symbol="DATA",
        product=Product.CFD,
        base="DATA",
        quote=currency,
        settle=currency,
        quantity_unit=QuantityUnit.UNITS,
        tick_size=Decimal(1).scaleb(-decimal_places(columns)),
        lot_step=Decimal("0.00000001"),
        min_quantity=Decimal("0.00000001"),
    )


def off_tick_rows(columns: BarColumns, tick: Decimal) -> int:
    """Return how many bars have a price that is not on the tick (by more than a millionth of it)."""
    per_tick = 1.0 / float(tick)
    off = np.zeros(len(columns), dtype=np.bool_)
    for values in (columns.open, columns.high, columns.low, columns.close):
        ticks = values * per_tick
        off |= np.abs(ticks - np.rint(ticks)) > np.maximum(1e-6, np.abs(ticks) * 1e-14)
    return int(np.count_nonzero(off))


def _places(values: Floats) -> int:
    for places in range(LARGEST_PLACES):
        scale = 10.0**places
        if np.array_equal(np.rint(values * scale) / scale, values):
            return places
    return LARGEST_PLACES
