"""What was typed for a backtest, turned into the engine's values; ``CommandFailed`` says what is wrong."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from edgerunner.backtest.columns import BadData, BarColumns
from edgerunner.backtest.config import BacktestConfig, FillRule, SpreadRule
from edgerunner.backtest.timeframes import timeframe_of
from edgerunner.backtest_worker.job import instrument_of, part_of
from edgerunner.cli.output import CommandFailed, ExitCode
from edgerunner.domain.errors import EdgerunnerError, InvalidRequest, NotFound
from edgerunner.domain.numbers import parse_plain
from edgerunner.matching.fees import FeeSchedule
from edgerunner.risk.limits import parse_limits
from edgerunner.schemas.scalars import parse_time
from edgerunner.settings import load_settings
from edgerunner.storage.bar_files import read_bars
from edgerunner.storage.catalogue import Catalogue
from edgerunner.strategies.parameters import ParameterSpec, ParameterValue
from edgerunner.strategies.strategy import Strategy
from edgerunner.strategy_worker.loading import strategy_class
from edgerunner.strategy_worker.messages import ClassSource

DATASETS = "datasets"
"""Folder of the data folder."""

_FILE_CLASS = re.compile(r"(?P<path>.+\.py):(?P<name>[A-Za-z_]\w*)")
_FLAGS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where the history comes from, as typed."""

    file: Path | None
    dataset_id: str | None
    timezone: str | None
    timeframe: str | None
    instrument_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Money, costs and interval, as typed."""

    start: str | None
    end: str | None
    cash: str
    maker: str
    taker: str
    slippage: str
    spread: str
    fill: str
    limits: tuple[str, ...]
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything but the parameters."""

    strategy: str
    source: Source
    terms: Terms
    data_dir: Path | None


@contextmanager
def failing() -> Iterator[None]:
    """Turn errors into a sentence and an exit code: 2 for what was typed wrong, 1 for data and strategies that fail."""
    try:
        yield
    except BadData as error:
        raise CommandFailed(ExitCode.FAILED, error.detail) from error
    except (InvalidRequest, NotFound) as error:
        raise CommandFailed(ExitCode.USAGE, error.detail) from error
    except EdgerunnerError as error:
        raise CommandFailed(ExitCode.FAILED, error.detail) from error


def class_source(plan: Plan) -> ClassSource:
    """Return where the strategy's class comes from; raises ``InvalidRequest``."""
    as_path = _FILE_CLASS.fullmatch(plan.strategy)
    if as_path is not None:
        path, name = Path(as_path["path"]), as_path["name"]
    elif "." in plan.strategy:
        stem, _, name = plan.strategy.rpartition(".")
        path = load_settings(data_dir=plan.data_dir).data_dir / "strategies" / f"{stem}.py"
    else:
        return ClassSource(name=plan.strategy)
    if not path.is_file():
        raise InvalidRequest.of("STRATEGY", "unknown", f"there is no file {path}")
    return ClassSource(name=name, path=str(path.absolute()))


def chosen_class(source: ClassSource) -> type[Strategy]:
    """Load the class; what a user's file raises is its author's to see."""
    try:
        return strategy_class(source)
    except EdgerunnerError:
        raise
    except Exception as error:
        text = f"{source.path} cannot be used: {type(error).__name__}: {error}"
        raise CommandFailed(ExitCode.FAILED, text) from error


def prepared(plan: Plan, chosen: type[Strategy]) -> tuple[BacktestConfig, BarColumns]:
    """Return the run without its parameters, and its data; raises ``InvalidRequest``, ``BadData``."""
    bars, instrument_id = _history(plan)
    instrument = instrument_of(bars, plan.source.instrument_id or instrument_id)
    terms = plan.terms
    for option, word, rule in (("--fill", terms.fill, FillRule), ("--spread", terms.spread, SpreadRule)):
        if word not in set(rule):
            raise InvalidRequest.of(option, "unknown", f"must be one of {', '.join(rule)}")
    config = BacktestConfig(
        strategy_class=chosen,
        instruments={instrument.instrument_id: instrument},
        timeframe=plan.source.timeframe or timeframe_of(bars.time_ms),
        initial_cash=_number("--cash", terms.cash),
        base_currency=instrument.settle,
        fees=FeeSchedule(maker=_number("--maker", terms.maker), taker=_number("--taker", terms.taker)),
        slippage=_number("--slippage", terms.slippage),
        spread=SpreadRule(terms.spread),
        fill=FillRule(terms.fill),
        limits=parse_limits(dict(map(_limit, terms.limits))),
        seed=terms.seed,
    )
    return config, bars


def with_parameters(config: BacktestConfig, values: Mapping[str, ParameterValue]) -> BacktestConfig:
    """Return the run with checked parameters; ``InvalidRequest`` names the wrong ones."""
    return replace(config, parameters=config.strategy_class.validated(values))


def split_parameter(text: str, specs: Sequence[ParameterSpec]) -> tuple[ParameterSpec, str]:
    """Return the parameter that ``NAME=VALUE`` names and the value's text."""
    name, equals, value = text.partition("=")
    if not equals:
        raise InvalidRequest.of("--param", "form", f"write NAME=VALUE instead of {text!r}")
    for spec in specs:
        if spec.name == name:
            return spec, value
    known = ", ".join(spec.name for spec in specs) or "none"
    raise InvalidRequest.of("--param", "unknown", f"the strategy has no parameter {name!r}; it has {known}")


def typed_value(spec: ParameterSpec, text: str) -> ParameterValue:
    """Return a parameter's value from its text; raises ``InvalidRequest``."""
    try:
        return _FLAGS[text.lower()] if spec.kind is bool else spec.kind(text)
    except (KeyError, ValueError):
        kind = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}[spec.kind]
        raise InvalidRequest.of(f"--param {spec.name}", "type", f"must be {kind}, not {text!r}") from None


def _history(plan: Plan) -> tuple[BarColumns, str]:
    """Return the bars and the instrument's name."""
    start_ms, end_ms = _time("--start", plan.terms.start), _time("--end", plan.terms.end)
    file, dataset_id = plan.source.file, plan.source.dataset_id
    if (file is None) == (dataset_id is None):
        raise InvalidRequest.of("--data", "one_of", "give a file with --data or a dataset with --dataset")
    if dataset_id is not None:
        catalogue = Catalogue(load_settings(data_dir=plan.data_dir).data_dir / DATASETS)
        bars = catalogue.read_bars(dataset_id, start_ms=start_ms, end_ms=end_ms)
        return bars, catalogue.get(dataset_id).instrument_id
    path = file or Path()
    if not path.is_file():
        raise InvalidRequest.of("--data", "missing", f"there is no file {path}")
    bars = part_of(read_bars(path, timezone=plan.source.timezone), start_ms=start_ms, end_ms=end_ms)
    return bars, f"{path.name.partition('.')[0][:64]}.FILE"


def _time(option: str, text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return parse_time(text) // 1_000_000
    except ValueError as error:
        raise InvalidRequest.of(option, "time_format", str(error)) from None


def _limit(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise InvalidRequest.of("--limit", "form", f"write NAME=VALUE instead of {text!r}")
    return name, value


def _number(option: str, text: str) -> Decimal:
    try:
        return parse_plain(text)
    except ValueError as error:
        raise InvalidRequest.of(option, "decimal_format", str(error)) from None
