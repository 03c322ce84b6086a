"""Expert Advisors of MetaTrader 5 on the wire."""

import re
from datetime import date
from typing import Annotated, Literal

from pydantic import BeforeValidator, ConfigDict, Field, JsonValue, StrictBool, StrictInt, StringConstraints
from pydantic_core import PydanticCustomError

from edgerunner.domain.experts import ChartPeriod, InputKind
from edgerunner.schemas.base import AnswerModel, Flag, RequestModel, WholeNumber, one_of
from edgerunner.schemas.scalars import DecimalText, PositiveDecimal, SignedDecimal, TimeText

ExpertId = Annotated[
    str, StringConstraints(pattern=r"^ea-[0-9a-z-]{1,40}$"), Field(examples=["ea-01jd8z4k3v7q2m5n9r1t"])
]
TerminalName = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,32}$"),
    Field(description="A terminal of the settings.", examples=["sim"]),
]
ExpertName = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200),
    Field(description="Path below MQL5/Experts without .ex5.", examples=["Examples/Moving Averages"]),
]
SymbolName = Annotated[str, StringConstraints(min_length=1, max_length=31), Field(examples=["EURUSD"])]
InputName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,62}$")]
InputScalar = Annotated[
    StrictBool | StrictInt | Annotated[str, StringConstraints(max_length=1000)],
    Field(description='JSON true or false, a whole number, or a text; numbers with decimals as text such as "0.1".'),
]
Inputs = Annotated[dict[InputName, InputScalar], Field(max_length=256)]

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _require_day(value: object) -> object:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise PydanticCustomError("day_format", "must be a day such as 2026-01-31")
    return value


Day = Annotated[date, BeforeValidator(_require_day), Field(examples=["2026-01-31"])]


class InputSpecRequest(RequestModel):
    """What an EA's input is, where its source is not beside the compiled file."""

    name: InputName
    kind: InputKind
    minimum: SignedDecimal | None = None
    maximum: SignedDecimal | None = None
    choices: Annotated[list[str], Field(max_length=100)] | None = None


class _ExpertRequest(RequestModel):
    terminal: TerminalName
    expert: ExpertName
    symbol: SymbolName
    period: ChartPeriod = ChartPeriod.H1
    inputs: Inputs | None = None
    input_schema: Annotated[
        list[InputSpecRequest] | None,
        Field(max_length=256, description="null: read from the .mq5 beside the .ex5."),
    ] = None


class LaunchExpertRequest(_ExpertRequest):
    """An EA in a terminal of its own. Its orders would pass neither our risk checks nor our journal."""

    chart: Annotated[
        Literal["new", "running"],
        Field(description="`running` is answered with 501: MT5 has no API to attach an EA to a running chart."),
    ] = "new"
    allow_trading: Annotated[Flag, Field(description="The terminal's switch for automatic trading.")] = False
    hello_timeout_s: Annotated[WholeNumber, Field(ge=1, le=120)] = 60


class InputRangeRequest(RequestModel):
    """What an optimisation tries for one input."""

    start: SignedDecimal
    step: SignedDecimal
    stop: SignedDecimal


class BacktestExpertRequest(_ExpertRequest):
    """A run of the Strategy Tester."""

    from_date: Day
    to_date: Day
    model: Literal["every_tick", "m1_ohlc", "open_prices", "math", "real_ticks"] = "every_tick"
    execution_delay_ms: Annotated[int, Field(ge=-1, le=600_000, description="-1: random.")] = 0
    deposit: PositiveDecimal | None = None
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = "USD"
    leverage: Annotated[WholeNumber, Field(ge=1, le=10_000)] = 100
    optimization: Literal["off", "complete", "genetic", "all_symbols"] = "off"
    criterion: Literal[
        "balance",
        "profit_factor",
        "expected_payoff",
        "drawdown",
        "recovery_factor",
        "sharpe_ratio",
        "custom",
        "complex",
    ] = "balance"
    ranges: Annotated[dict[InputName, InputRangeRequest], Field(max_length=64)] | None = None
    forward: Literal["off", "half", "third", "quarter", "custom"] = "off"
    forward_date: Day | None = None
    timeout_s: Annotated[WholeNumber, Field(ge=1, le=86_400)] = 3600


class MessageExpertRequest(RequestModel):
    """A command to an EA that is connected; trading commands are refused: orders go by `POST /trade`."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$"), Field(examples=["ping"])]
    args: Annotated[dict[str, JsonValue], Field(max_length=64)] | None = None
    timeout_s: Annotated[WholeNumber, Field(ge=1, le=60)] = 10


class ExpertQuery(RequestModel):
    """Which EA; null: all."""

    expert_id: ExpertId | None = None


class JournalLineAnswer(AnswerModel):
    """One line of a terminal's journal; `time` is its own clock."""

    time: str
    source: str
    text: str


class HelloAnswer(AnswerModel):
    """What an EA said of itself."""

    expert: str
    version: str
    login: int
    server: str
    symbol: str
    period: str
    build: int
    demo: bool | None
    may_trade: bool


class ExpertAnswer(AnswerModel):
    """An EA: `no_hello` = its terminal runs, but it has not connected; `attached` = put on a chart by hand."""

    expert_id: str
    terminal: str | None
    expert: str
    symbol: str
    period: ChartPeriod | None
    state: Annotated[str, one_of("started", "no_hello", "exited", "stopped", "attached")]
    connected: bool
    process_id: int | None
    exit_code: int | None
    hello: HelloAnswer | None
    started_at: TimeText | None
    journal: list[JournalLineAnswer]


class ExpertList(AnswerModel):
    """Every launch of this process, newest first, then the EAs that were attached by hand and are connected."""

    experts: list[ExpertAnswer]


class TerminalAnswer(AnswerModel):
    """A terminal of the settings, with the EAs compiled in it."""

    name: str
    environment: Annotated[str, one_of("simulated", "demo", "live")]
    is_running: bool
    experts: list[str]


class TerminalList(AnswerModel):
    """The terminals that experts may be started in."""

    terminals: list[TerminalAnswer]


class MessageAnswer(AnswerModel):
    """What an EA answered to a command, in its own words."""

    result: dict[str, JsonValue]


class StrategyDealAnswer(AnswerModel):
    """One deal of a report; `time` is the tester's server time as written."""

    time: str
    deal: str
    symbol: str
    kind: str
    direction: str
    volume: DecimalText | None
    price: DecimalText | None
    order: str
    commission: DecimalText | None
    swap: DecimalText | None
    profit: DecimalText | None
    balance: DecimalText | None
    comment: str


class LabelAnswer(AnswerModel):
    """A label of a report with its value, as written."""

    label: str
    value: str


class StrategyReportAnswer(AnswerModel):
    """A report of the Strategy Tester; `language` null = its labels are not known, so only `raw` says something."""

    language: str | None
    settings: dict[str, str]
    inputs: dict[str, str]
    metrics: dict[str, DecimalText]
    deals: list[StrategyDealAnswer]
    raw: list[LabelAnswer]


class ExpertRunErrorAnswer(AnswerModel):
    """Why a run did not begin."""

    code: str
    detail: str


class ExpertRunAnswer(AnswerModel):
    """A run of the Strategy Tester; `warnings` say why not to trust a number."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    run_id: str
    terminal: str
    expert: str
    symbol: str
    period: ChartPeriod
    state: Annotated[str, one_of("running", "completed", "no_report", "timed_out", "canceled", "failed")]
    started_at: TimeText
    exit_code: int | None
    warnings: list[str]
    report: StrategyReportAnswer | None
    passes: list[dict[str, str]]
    journal: list[JournalLineAnswer]
    error: ExpertRunErrorAnswer | None


class ExpertRunSummaryAnswer(AnswerModel):
    """A run of the Strategy Tester without its results."""

    run_id: str
    terminal: str
    expert: str
    symbol: str
    state: Annotated[str, one_of("running", "completed", "no_report", "timed_out", "canceled", "failed")]
    started_at: TimeText


class ExpertRunList(AnswerModel):
    """The newest 50 runs of this process, newest first."""

    runs: list[ExpertRunSummaryAnswer]
