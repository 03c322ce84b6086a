"""From a finished run to its result."""

from collections.abc import Mapping

from edgerunner.backtest.columns import BarColumns, Floats
from edgerunner.backtest.config import assumptions
from edgerunner.backtest.engine import BarRun
from edgerunner.backtest.equity import cash_curve, equity_curve, exposure
from edgerunner.backtest.grid import MONEY_UNIT, from_money
from edgerunner.backtest.metrics import Figures, metric_assumptions, metrics, periods_per_year
from edgerunner.backtest.records import MILLISECOND_NS, fill_records, order_records
from edgerunner.backtest.refusals import REFUSED, refusals_of
from edgerunner.backtest.result import Outcome, Result
from edgerunner.backtest.round_trips import trades
from edgerunner.backtest.tick_engine import TickRun

Run = BarRun | TickRun


def result_of(run: Run, notes: Mapping[str, str]) -> Result:
    """Return what a finished run hands back; ``notes`` are assumptions made before it."""
    config, journal = run.config, run.parts.journal
    days = config.periods_per_year or periods_per_year(config.instruments.values())
    marks = run.marks()
    bars = {key: values for key, values in run.data.items() if isinstance(values, BarColumns)}
    grids = {key: market.grid for key, market in run.markets.items()}
    return Result(
        strategy=config.strategy_class.__name__,
        parameters=config.strategy_class.validated(config.parameters),
        instrument_ids=tuple(config.instruments),
        timeframe=config.timeframe,
        bar_ms=run.bar_ns // MILLISECOND_NS if bars else 0,
        currency=config.base_currency,
        start_capital=config.initial_cash,
        final_equity=from_money(run.account.equity()),
        periods_per_year=days,
        equity_time_ms=run.times,
        equity=_equity(run, marks),
        assumptions={**assumptions(config, on_bars=bool(bars)), **notes, **metric_assumptions(days)},
        counts={
            "events": sum(len(values) for values in run.data.values()),
            "orders": len(journal.orders),
            "orders_refused": sum(order.status in REFUSED for order in journal.orders),
            "fills": len(journal.fills),
            "orders_dropped_in_warm_up": journal.dropped_orders,
        },
        log=tuple(journal.log),
        outcome=Outcome(
            orders=lambda: order_records(journal.orders, grids),
            refusals=lambda result: refusals_of(result.orders),
            fills=lambda: fill_records(journal.fills),
            trades=lambda: trades(journal.fills, bars),
            cash_movements=lambda: tuple(journal.movements),
            figures=lambda result: _figures(run, result, marks),
            bars=next(iter(bars.values()), None),
        ),
    )


def _equity(run: Run, marks: Mapping[str, Floats]) -> Floats:
    length = len(run.times)
    cash = cash_curve(run.account.steps, float(run.config.initial_cash), length)
    ends = run.times + run.bar_ns // MILLISECOND_NS if isinstance(run, BarRun) else run.times
    return equity_curve(run.config, run.markets, cash=cash, marks=marks, fills=run.parts.journal.fills, time_ms=ends)


def _figures(run: Run, result: Result, marks: Mapping[str, Floats]) -> Figures:
    fills = run.parts.journal.fills
    traded = sum(
        abs(run.account.to_base(fill.market, fill.market.grid.worth(abs(fill.signed_lots), fill.ticks)))
        for fill in fills
    )
    key = result.instrument_ids[0]
    main = run.data[key]
    first = float(main.open[0]) if isinstance(main, BarColumns) else float(marks[key][marks[key] > 0][0])
    return metrics(
        result.equity_time_ms,
        result.equity,
        result.trades,
        start_capital=float(result.start_capital),
        bar_ms=result.bar_ms,
        periods_per_year=result.periods_per_year,
        exposure_bars=exposure(fills, len(run.times)),
        fees_paid=sum(fill.fee_base for fill in fills) / MONEY_UNIT,
        traded_notional=traded / MONEY_UNIT,
        benchmark_prices=(first, float(marks[key][-1])),
    )
