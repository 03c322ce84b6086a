"""What a report reads of a finished run."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Protocol, SupportsFloat

import numpy as np
from numpy.typing import NDArray

from edgerunner.backtest.metrics import ClosedTrade, Figures
from edgerunner.backtest.result import CashMovement, FillRecord, OrderRecord, Refusal, Trade


class ReportedTrade(ClosedTrade, Protocol):
    """A closed round trip as tables and the price chart show it."""

    @property
    def instrument_id(self) -> str:
        """Instrument that was traded."""

    @property
    def side(self) -> str:
        """Direction of the entry: buy or sell (long or short)."""

    @property
    def entry_price(self) -> SupportsFloat:
        """Average price of the entry."""

    @property
    def exit_price(self) -> SupportsFloat:
        """Average price of the exit."""


class BacktestResult(Protocol):
    """A finished run. The rows of its tables are frozen dataclass values, oldest first."""

    @property
    def strategy(self) -> str:
        """Name of the strategy class."""

    @property
    def parameters(self) -> Mapping[str, object]:
        """Its parameters by name: bool, int, float or str."""

    @property
    def instrument_ids(self) -> Sequence[str]:
        """Instruments of the run; the first is the one on the price chart."""

    @property
    def timeframe(self) -> str:
        """Length of a bar as users write it, such as ``1m``; ``tick`` for ticks."""

    @property
    def bar_ms(self) -> int:
        """Length of a bar in milliseconds, 0 for ticks."""

    @property
    def currency(self) -> str:
        """Currency of money figures."""

    @property
    def start_capital(self) -> Decimal:
        """Money before the first bar."""

    @property
    def final_equity(self) -> Decimal:
        """Money after the last bar, exact."""

    @property
    def periods_per_year(self) -> int:
        """Returns in a year: 365, 260 or 252."""

    @property
    def equity_time_ms(self) -> NDArray[np.int64]:
        """Opening of each bar, UTC epoch milliseconds."""

    @property
    def equity(self) -> NDArray[np.float64]:
        """Money at the end of each bar."""

    @property
    def orders(self) -> Sequence[object]:
        """Every order."""

    @property
    def refusals(self) -> Sequence[object]:
        """Refused orders by code."""

    @property
    def fills(self) -> Sequence[object]:
        """Every fill."""

    @property
    def trades(self) -> Sequence[ReportedTrade]:
        """Closed round trips in the order of closing."""

    @property
    def cash_movements(self) -> Sequence[object]:
        """Funding and swaps that were booked."""

    @property
    def counts(self) -> Mapping[str, int]:
        """Bars, callbacks, dropped orders of the run by name."""

    @property
    def metrics(self) -> Figures:
        """Every metric by name."""

    @property
    def assumptions(self) -> Mapping[str, str]:
        """What the run took for granted, by name."""


def tables_of(result: BacktestResult) -> tuple[tuple[str, Sequence[object], type], ...]:
    """Return each table of a run: its name, its rows, and the class that names the columns of an empty one."""
    return (
        ("trades", result.trades, Trade),
        ("fills", result.fills, FillRecord),
        ("orders", result.orders, OrderRecord),
        ("refusals", result.refusals, Refusal),
        ("cash_movements", result.cash_movements, CashMovement),
    )
