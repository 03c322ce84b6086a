"""Backtests from Python: ``run_backtest`` for one instrument in a line, ``run`` for everything else."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from importlib import import_module
from os import PathLike
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar, cast

from numpy.typing import ArrayLike

from edgerunner.backtest.columns import BadData, BarColumns, bar_columns
from edgerunner.backtest.config import BacktestConfig, FillRule, SpreadRule, check_config, check_quotes
from edgerunner.backtest.defaults import default_instrument, off_tick_rows
from edgerunner.backtest.engine import BarRun, OnProgress, ShouldStop
from edgerunner.backtest.errors import RunCanceled
from edgerunner.backtest.finish import result_of
from edgerunner.backtest.result import Result
from edgerunner.backtest.tick_engine import TICK_FRAME, TickRun
from edgerunner.backtest.tick_feed import Quotes
from edgerunner.backtest.timeframes import are_closer_than, timeframe_ns, timeframe_of
from edgerunner.domain.errors import InvalidRequest
from edgerunner.domain.instruments import Instrument
from edgerunner.matching.fees import FeeSchedule
from edgerunner.risk.limits import RiskLimits, parse_limits
from edgerunner.strategies.errors import StrategyMisuse
from edgerunner.strategies.strategy import Strategy

__all__ = ["BacktestConfig", "Result", "RunCanceled", "run", "run_backtest"]

Frame = Any
"""A pandas or Polars frame: anything with ``__arrow_c_stream__``."""

Bars = BarColumns | str | PathLike[str] | Mapping[str, ArrayLike] | Frame
Amount = Decimal | str | int | float
Rule = TypeVar("Rule", bound=StrEnum)


def run_backtest(
    strategy_class: type[Strategy],
    bars: Bars,
    *,
    parameters: Mapping[str, object] | None = None,
    instrument: Instrument | None = None,
    cash: Amount = "10000",
    fees: Mapping[str, Amount] | None = None,
    slippage: Amount = 0,
    spread: str = "none",
    fill: str = "next_open",
    limits: Mapping[str, object] | RiskLimits | None = None,
    seed: int = 0,
) -> Result:
    """Run a strategy over the bars of one instrument and return what came of it.

    ``bars``: path of a CSV or Parquet file, a pandas or Polars frame, or NumPy arrays ``time open high low close
    volume`` (``time`` = the bar's open, UTC epoch milliseconds). ``fees`` are fractions of notional by ``maker`` and
    ``taker``, ``slippage`` is a fraction of the price, ``spread`` says whether takers pay the data's spread (``none``,
    ``mid``: half, ``bid``: buyers all), ``limits`` are those of ``RiskLimits`` by name. Without ``instrument`` the
    prices' own decimals are the tick and nothing is refused for its steps; see ``Result.assumptions``. Raises
    ``InvalidRequest`` (``BadData`` for data) naming the field.
    """
    columns = read_bars(bars)
    currency = instrument.settle if instrument else "USD"
    traded = instrument or default_instrument(columns, currency)
    config = BacktestConfig(
        strategy_class=strategy_class,
        parameters=parameters or {},
        instruments={traded.instrument_id: traded},
        timeframe=timeframe_of(columns.time_ms),
        initial_cash=_decimal("cash", cash),
        base_currency=currency,
        fees=_fees(fees or {}),
        slippage=_decimal("slippage", slippage),
        spread=_rule("spread", spread, SpreadRule),
        fill=_rule("fill", fill, FillRule),
        limits=limits if isinstance(limits, RiskLimits) else parse_limits(limits or {}),
        seed=seed,
    )
    result = run(config, {traded.instrument_id: columns})
    if instrument is None:
        result.assumptions = {**result.assumptions, "instrument": _describe(traded)}
    return result


def run(
    config: BacktestConfig,
    data: Mapping[str, BarColumns | Quotes],
    *,
    on_progress: OnProgress | None = None,
    should_stop: ShouldStop | None = None,
) -> Result:
    """Run what ``config`` describes over the market data of each instrument key: all bars, or all ticks or books.

    ``on_progress`` is called with the done fraction after every chunk of some 65,000 bars, ``should_stop`` before it;
    when it answers True, ``RunCanceled`` is raised. Raises ``InvalidRequest`` naming the field, and whatever the
    strategy itself raises, with a note of the time at which it did.
    """
    check_config(config)
    engine = _engine(config, data)
    try:
        engine.run(on_progress, should_stop)
    except RunCanceled:
        raise
    except Exception as error:
        error.add_note(f"in {config.strategy_class.__name__} at {engine.strategy.now.isoformat()}")
        raise
    finally:
        engine.parts.journal.untie()
    return result_of(engine, _data_notes(engine))


def _engine(config: BacktestConfig, data: Mapping[str, BarColumns | Quotes]) -> BarRun | TickRun:
    _require_rows(config, data)
    given = {key: data[key] for key in config.instruments}
    bars = {key: values for key, values in given.items() if isinstance(values, BarColumns)}
    quotes = {key: values for key, values in given.items() if not isinstance(values, BarColumns)}
    if bars and quotes:
        raise InvalidRequest.of("data", "mixed", "give bars for all instruments, or ticks or books for all")
    _require_timeframe(config.timeframe, bars)
    if bars:
        return BarRun(config, bars)
    check_quotes(config)
    return TickRun(config, quotes)


def _require_rows(config: BacktestConfig, data: Mapping[str, BarColumns | Quotes]) -> None:
    for key in config.instruments:
        if key not in data:
            raise InvalidRequest.of("data", "required", f"there is no data for {key}")
        if len(data[key]) == 0:
            raise InvalidRequest.of("data", "empty", f"there are no rows for {key}")


def _require_timeframe(timeframe: str, bars: Mapping[str, BarColumns]) -> None:
    try:
        if bars or timeframe != TICK_FRAME:
            timeframe_ns(timeframe)
    except StrategyMisuse as error:
        raise InvalidRequest.of("timeframe", "invalid", error.detail) from None
    for key, columns in bars.items():
        if are_closer_than(columns.time_ms, timeframe):
            text = f"the bars of {key} are shorter than {timeframe}; name their own time frame"
            raise InvalidRequest.of("timeframe", "too_long", text)


def read_bars(bars: Bars) -> BarColumns:
    """Return checked columns of whatever ``run_backtest`` takes; raises ``BadData``."""
    if isinstance(bars, BarColumns):
        return bars
    if isinstance(bars, str | PathLike):
        return cast("BarColumns", bar_files().read_bars(Path(bars)))
    if isinstance(bars, Mapping):
        return bar_columns(bars, source="bars")
    if hasattr(bars, "__arrow_c_stream__"):
        return cast("BarColumns", bar_files().columns_of_frame(bars))
    raise BadData(
        f"a {type(bars).__name__} holds no bars",
        remedy="give a path, a pandas or Polars frame, or a dict of arrays",
        source="bars",
        code="type",
    )


def bar_files() -> ModuleType:
    """Return the reader of files and frames, imported on first use: it brings PyArrow along."""
    return import_module("edgerunner.storage.bar_files")


def _decimal(name: str, amount: Amount) -> Decimal:
    try:
        number = Decimal(repr(amount) if isinstance(amount, float) else amount)
    except (InvalidOperation, TypeError, ValueError):
        raise InvalidRequest.of(name, "invalid", f"must be a number such as 0.0005, not {amount!r}") from None
    if not number.is_finite():
        raise InvalidRequest.of(name, "invalid", "must be finite")
    return number


def _fees(fees: Mapping[str, Amount]) -> FeeSchedule:
    for name in fees:
        if name not in {"maker", "taker"}:
            raise InvalidRequest.of(f"fees.{name}", "unknown", "known are maker and taker")
    rates = {name: _decimal(f"fees.{name}", fees.get(name, 0)) for name in ("maker", "taker")}
    return FeeSchedule(maker=rates["maker"], taker=rates["taker"])


def _rule(name: str, word: str, rule: type[Rule]) -> Rule:
    try:
        return rule(word)
    except ValueError:
        raise InvalidRequest.of(name, "invalid", f"must be one of {', '.join(rule)}, not {word!r}") from None


def _data_notes(engine: BarRun | TickRun) -> dict[str, str]:
    notes = {}
    for key, columns in engine.data.items():
        tick = engine.config.instruments[key].tick_size
        count = off_tick_rows(columns, tick) if isinstance(columns, BarColumns) else 0
        if count:
            text = f"{count} bars have prices off the tick {tick:f}; fills are rounded to the nearest tick"
            notes[f"off_tick {key}"] = text
    return notes


def _describe(instrument: Instrument) -> str:
    return f"none was given: tick {instrument.tick_size:f} as in the data, any quantity, long and short, no minimum"
