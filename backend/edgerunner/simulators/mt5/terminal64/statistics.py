"""The figures of a test, counted independently of the product's own metrics; definitions after MQL5's help (guess)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import fmean, stdev
from typing import Final

from edgerunner.simulators.mt5.terminal64.strategy import Run

_ZERO: Final = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawdown:
    """The largest fall below an earlier high, in money and percent, and the largest in percent with its money."""

    absolute: Decimal
    maximal: Decimal
    maximal_percent: Decimal
    relative: Decimal
    relative_percent: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Statistics:
    """What the report's head says. A trade is a deal that closes."""

    net: Decimal
    gross_profit: Decimal
    gross_loss: Decimal
    profit_factor: Decimal
    expected_payoff: Decimal
    recovery_factor: Decimal
    sharpe: Decimal
    balance: Drawdown
    equity: Drawdown
    trades: int
    deals: int
    long_trades: int
    long_won: int
    short_trades: int
    short_won: int
    won: tuple[Decimal, ...]
    lost: tuple[Decimal, ...]


def statistics_of(run: Run) -> Statistics:
    """Return the figures of a run."""
    closing = [deal for deal in run.deals if deal.direction == "out"]
    won = tuple(deal.profit for deal in closing if deal.profit >= 0)
    lost = tuple(deal.profit for deal in closing if deal.profit < 0)
    longs = [deal for deal in closing if deal.kind == "sell"]
    shorts = [deal for deal in closing if deal.kind == "buy"]
    net = sum((deal.profit for deal in closing), _ZERO)
    equity = _drawdown(run.deposit, (equity for _, equity in run.curve))
    return Statistics(
        net=net,
        gross_profit=sum(won, _ZERO),
        gross_loss=sum(lost, _ZERO),
        profit_factor=_ratio(sum(won, _ZERO), -sum(lost, _ZERO)),
        expected_payoff=_ratio(net, Decimal(len(closing))),
        recovery_factor=_ratio(net, equity.maximal),
        sharpe=_sharpe([deal.profit for deal in closing]),
        balance=_drawdown(run.deposit, (balance for balance, _ in run.curve)),
        equity=equity,
        trades=len(closing),
        deals=len(run.deals) - 1,
        long_trades=len(longs),
        long_won=sum(deal.profit >= 0 for deal in longs),
        short_trades=len(shorts),
        short_won=sum(deal.profit >= 0 for deal in shorts),
        won=won,
        lost=lost,
    )


def _drawdown(deposit: Decimal, curve: Iterable[Decimal]) -> Drawdown:
    peak = lowest = deposit
    maximal = relative = maximal_percent = relative_percent = _ZERO
    for value in curve:
        peak, lowest = max(peak, value), min(lowest, value)
        fall, percent = peak - value, _ratio(peak - value, peak) * 100
        if fall > maximal:
            maximal, maximal_percent = fall, percent
        if percent > relative_percent:
            relative, relative_percent = fall, percent
    return Drawdown(
        absolute=deposit - lowest,
        maximal=maximal,
        maximal_percent=maximal_percent,
        relative=relative,
        relative_percent=relative_percent,
    )


def _sharpe(profits: Sequence[Decimal]) -> Decimal:
    values = [float(profit) for profit in profits]
    if len(values) < 2 or not (spread := stdev(values)):
        return _ZERO
    return Decimal(repr(fmean(values) / spread))


def _ratio(above: Decimal, below: Decimal) -> Decimal:
    return above / below if below else _ZERO
