"""What a run hands back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from importlib import import_module
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from edgerunner.backtest.columns import BarColumns
from edgerunner.backtest.metrics import Figures
from edgerunner.domain.orders import Liquidity, OrderStatus, OrderType, Side, TimeInForce


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRecord:
    """One order as it ended; prices in quote currency, times UTC epoch milliseconds, None = none.

    ``parent_id`` is the entry of an attached exit; ``reason`` says why the order was refused or ended unfilled.
    """

    order_id: str
    instrument_id: str
    side: Side
    order_type: OrderType
    quantity: Decimal
    limit: Decimal | None
    trigger: Decimal | None
    trail: Decimal | None
    time_in_force: TimeInForce
    status: OrderStatus
    filled_quantity: Decimal
    average_price: Decimal | None
    reason: str | None
    parent_id: str | None
    placed_time_ms: int
    closed_time_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """All orders that were refused with one code: by the instrument, the limits, or for lack of money.

    ``text`` is the sentence of the first of them; times of the first and the last, UTC epoch milliseconds.
    """

    code: str
    orders: int
    text: str
    first_time_ms: int
    last_time_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FillRecord:
    """One fill; ``time_ms`` is the opening of the bar in which it happened, or its end for a fill at the close.

    ``fee`` is a cost when positive, in ``fee_currency``; ``forced`` marks a close by lack of margin.
    """

    order_id: str
    instrument_id: str
    side: Side
    quantity: Decimal
    price: Decimal
    fee: Decimal
    fee_currency: str
    liquidity: Liquidity
    forced: bool
    time_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """One round trip: from flat until flat again or turned round.

    Attributes:
        side: Buy for a long round trip.
        quantity: Sum of all that was opened.
        entry_price: Average price of that; ``exit_price`` likewise of what closed it.
        pnl: Money won in the base currency, net of fees.
        fees: Fees of all its fills, base currency.
        bars_held: Bars from that of the first fill to that of the last.
        mae: Largest open loss while held, base currency, zero or negative, of the whole quantity at bar extremes.
        mfe: Largest open profit likewise, zero or positive.
    """

    instrument_id: str
    side: Side
    quantity: Decimal
    entry_time_ms: int
    entry_price: Decimal
    exit_time_ms: int
    exit_price: Decimal
    pnl: Decimal
    fees: Decimal
    bars_held: int
    mae: Decimal | None
    mfe: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CashMovement:
    """Funding or swap that was booked: positive = received, base currency."""

    kind: str
    instrument_id: str
    amount: Decimal
    time_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One line that the strategy logged."""

    time_ns: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the engine kept; tables are made of it when they are first read.

    ``figures`` makes the metrics of a finished result, ``bars`` are the main instrument's (None in a run on ticks).
    """

    orders: Callable[[], tuple[OrderRecord, ...]]
    refusals: Callable[["Result"], tuple[Refusal, ...]]
    fills: Callable[[], tuple[FillRecord, ...]]
    trades: Callable[[], tuple[Trade, ...]]
    cash_movements: Callable[[], tuple[CashMovement, ...]]
    figures: Callable[["Result"], Figures]
    bars: BarColumns | None


class Result:
    """A finished run.

    Attributes:
        strategy: Name of the strategy class; ``parameters`` are all its parameters, defaults included.
        instrument_ids: Keys of the instruments, the main one first.
        timeframe: Length of a bar as users write it; ``bar_ms`` in milliseconds, 0 for ticks.
        currency: Base currency of all money.
        start_capital: Money before the first bar; ``final_equity`` after the last, exact.
        equity_time_ms: Opening of each bar (time of each tick), UTC epoch milliseconds.
        equity: Money at the end of each bar, open positions at its close.
        periods_per_year: Returns in a year: 365, 260 or 252.
        assumptions: What the run took for granted, by name.
        counts: Bars, ticks, callbacks and dropped orders of the run, by name.
        log: What the strategy logged.
    """

    def __init__(
        self,
        *,
        strategy: str,
        parameters: Mapping[str, object],
        instrument_ids: tuple[str, ...],
        timeframe: str,
        bar_ms: int,
        currency: str,
        start_capital: Decimal,
        final_equity: Decimal,
        periods_per_year: int,
        equity_time_ms: NDArray[np.int64],
        equity: NDArray[np.float64],
        assumptions: Mapping[str, str],
        counts: Mapping[str, int],
        log: tuple[LogLine, ...],
        outcome: Outcome,
    ) -> None:
        self.strategy = strategy
        self.parameters = parameters
        self.instrument_ids = instrument_ids
        self.timeframe = timeframe
        self.bar_ms = bar_ms
        self.currency = currency
        self.start_capital = start_capital
        self.final_equity = final_equity
        self.periods_per_year = periods_per_year
        self.equity_time_ms = equity_time_ms
        self.equity = equity
        self.assumptions = assumptions
        self.counts = counts
        self.log = log
        self._outcome = outcome

    @cached_property
    def orders(self) -> tuple[OrderRecord, ...]:
        """Return every order in the order of sending, attached exits and refused ones included."""
        return self._outcome.orders()

    @cached_property
    def refusals(self) -> tuple[Refusal, ...]:
        """Return the refused orders by code, the most frequent first."""
        return self._outcome.refusals(self)

    @cached_property
    def fills(self) -> tuple[FillRecord, ...]:
        """Return every fill in the order of time."""
        return self._outcome.fills()

    @cached_property
    def trades(self) -> tuple[Trade, ...]:
        """Return the closed round trips in the order of closing; a position that is open at the end is none."""
        return self._outcome.trades()

    @cached_property
    def cash_movements(self) -> tuple[CashMovement, ...]:
        """Return funding and swaps in the order of time."""
        return self._outcome.cash_movements()

    @cached_property
    def metrics(self) -> Figures:
        """Return every metric by name (``edgerunner.backtest.metrics.DEFINITIONS``); None where undefined."""
        return self._outcome.figures(self)

    def to_json(self) -> str:
        """Return the whole result as one JSON object: exact numbers as plain decimal strings, times RFC 3339 UTC."""
        text: str = _report().json_text(self)
        return text

    def to_csv(self, folder: str) -> None:
        """Write ``orders refusals fills trades equity metrics`` as CSV into an existing folder; raises ``OSError``."""
        for name, text in _report().csv_texts(self):
            _write(f"{folder}/{name}", text)

    def to_html(self, path: str) -> None:
        """Write the report as one HTML file; raises ``OSError``."""
        _write(path, _report().html(self, bars=self._outcome.bars))


def _report() -> ModuleType:
    """Return the report, imported on first use: it reads results, and most runs never show one."""
    return import_module("edgerunner.backtest.report")


def _write(path: str, text: str) -> None:
    # The pure core imports no file system; the caller hands over the place and this writes there, nothing else.
    with open(path, "w", encoding="utf-8", newline="") as file:  # noqa: PTH123 - see above
        file.write(text)
