"""One backtest from a job to its files."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from edgerunner import backtesting
from edgerunner.backtest import report
from edgerunner.backtest.columns import BarColumns
from edgerunner.backtest.config import BacktestConfig, FillRule, SpreadRule
from edgerunner.backtest.defaults import default_instrument
from edgerunner.backtest.metrics import DEFINITIONS
from edgerunner.backtest.report.cells import Plain, metric_plain, table
from edgerunner.backtest.result import Refusal, Result, Trade
from edgerunner.backtest_worker.messages import Completed, DatasetSource, FileSource, Job
from edgerunner.domain.errors import InvalidRequest
from edgerunner.domain.instruments import Instrument
from edgerunner.matching.fees import FeeSchedule
from edgerunner.storage.backtest_files import REPORT, write_equity, write_refusals, write_trades
from edgerunner.storage.bar_files import read_bars
from edgerunner.storage.catalogue import Catalogue
from edgerunner.strategy_worker.loading import strategy_class

Progress = Callable[[float], None]


def run_job(job: Job, on_progress: Progress) -> Completed:
    """Run a job and write its files; raises what the strategy raises, and ``InvalidRequest``."""
    chosen = strategy_class(job.strategy)
    parameters = chosen.validated(job.parameters)
    bars = bars_of(job)
    instrument = job.instrument or instrument_of(bars, job.instrument_id)
    config = BacktestConfig(
        strategy_class=chosen,
        parameters=parameters,
        instruments={instrument.instrument_id: instrument},
        timeframe=job.timeframe,
        initial_cash=job.initial_cash,
        base_currency=instrument.settle,
        fees=FeeSchedule(maker=job.maker, taker=job.taker),
        slippage=job.slippage,
        spread=SpreadRule(job.spread),
        fill=FillRule(job.fill),
        limits=job.limits,
        funding={instrument.instrument_id: job.funding} if job.funding else {},
        seed=job.seed,
    )
    result = backtesting.run(config, {instrument.instrument_id: bars}, on_progress=on_progress)
    result.assumptions = {
        **result.assumptions,
        "instrument": _described(instrument, is_known=job.instrument is not None),
    }
    return _written(result, bars, Path(job.output))


def instrument_of(bars: BarColumns, instrument_id: str) -> Instrument:
    """Return terms for bars of which none are known: their own tick, any quantity, money in USD."""
    return replace(default_instrument(bars, "USD"), instrument_id=instrument_id)


def bars_of(job: Job) -> BarColumns:
    """Read the job's part of its data; raises ``InvalidRequest`` when nothing is left."""
    match job.data:
        case DatasetSource(folder=folder, dataset_id=dataset_id):
            return Catalogue(Path(folder)).read_bars(dataset_id, start_ms=job.start_ms, end_ms=job.end_ms)
        case FileSource(path=path, timezone=timezone):
            return part_of(read_bars(path, timezone=timezone), start_ms=job.start_ms, end_ms=job.end_ms)


def part_of(bars: BarColumns, *, start_ms: int | None, end_ms: int | None) -> BarColumns:
    """Return the bars from ``start_ms`` on and before ``end_ms`` (UTC epoch milliseconds; None = all).

    Raises ``InvalidRequest`` that names the interval of the data when nothing is left.
    """
    first = 0 if start_ms is None else int(np.searchsorted(bars.time_ms, start_ms))
    last = len(bars) if end_ms is None else int(np.searchsorted(bars.time_ms, end_ms))
    if first >= last:
        there = np.datetime_as_string(bars.time_ms[[0, -1]].astype("datetime64[ms]"), unit="s", timezone="UTC")
        text = f"no bar lies between start and end; there are {there[0]} to {there[1]}"
        raise InvalidRequest.of("start", "no_data", text)
    kept = slice(first, last)
    return BarColumns(
        time_ms=bars.time_ms[kept],
        open=bars.open[kept],
        high=bars.high[kept],
        low=bars.low[kept],
        close=bars.close[kept],
        volume=bars.volume[kept],
        spread=None if bars.spread is None else bars.spread[kept],
    )


def _described(instrument: Instrument, *, is_known: bool) -> str:
    if is_known:
        return f"as its connection describes it: tick {instrument.tick_size:f}, lot step {instrument.lot_step:f}"
    return f"no terms are known: tick {instrument.tick_size:f} as in the data, any quantity, long and short, no minimum"


def _written(result: Result, bars: BarColumns, folder: Path) -> Completed:
    trades = table(result.trades, Trade)
    write_trades(folder, (dict(zip(trades.columns, row, strict=True)) for row in trades.rows))
    refusals = table(result.refusals, Refusal)
    write_refusals(folder, [dict(zip(refusals.columns, row, strict=True)) for row in refusals.rows])
    write_equity(folder, result.equity_time_ms, result.equity)
    (folder / REPORT).write_text(report.html(result, bars=bars), encoding="utf-8")
    return Completed(metrics=plain_metrics(result), assumptions=dict(result.assumptions))


def plain_metrics(result: Result) -> dict[str, Plain]:
    """Return the metrics as JSON values: times as RFC 3339 text, undefined as None."""
    return {name: metric_plain(DEFINITIONS[name], value) for name, value in result.metrics.items()}
