"""Expert Advisors of MetaTrader 5: what is asked of a terminal, and what it answered.

MT5 has no interface to attach, start, stop or parametrise an EA on a running chart. What exists is a terminal of our
own that opens one chart with one EA when it starts (``LaunchRequest``), the Strategy Tester (``BacktestRequest``),
and commands to an EA that connects to us (``messages``). Everything else is ``Unsupported``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import IntEnum, StrEnum

NO_CHART_CONTROL = (
    "MT5 has no API to attach, start, stop or parametrise an EA on a running chart: "
    "launch it in a terminal of its own, or send a command to an EA that is connected"
)
"""Why a terminal that runs already cannot be given an EA."""

InputValue = bool | int | Decimal | str


class InputKind(StrEnum):
    """What an EA's input holds; enumerations of MQL5 are integers, times are seconds since 1970 or ``YYYY.MM.DD``."""

    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    TEXT = "text"
    TIME = "time"


@dataclass(frozen=True, slots=True, kw_only=True)
class InputSpec:
    """One ``input`` of an EA; ``default`` is as its source says it, None when unknown."""

    name: str
    kind: InputKind
    default: str | None = None
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class InputRange:
    """The values that an optimisation tries for an input: ``start``, then in steps up to ``stop``."""

    start: Decimal
    step: Decimal
    stop: Decimal


class ChartPeriod(StrEnum):
    """Chart periods in the words of the ini files."""

    M1 = "M1"
    M2 = "M2"
    M3 = "M3"
    M4 = "M4"
    M5 = "M5"
    M6 = "M6"
    M10 = "M10"
    M12 = "M12"
    M15 = "M15"
    M20 = "M20"
    M30 = "M30"
    H1 = "H1"
    H2 = "H2"
    H3 = "H3"
    H4 = "H4"
    H6 = "H6"
    H8 = "H8"
    H12 = "H12"
    D1 = "D1"
    W1 = "W1"
    MN1 = "MN1"


class TickModel(IntEnum):
    """How the Strategy Tester makes ticks (key ``Model``)."""

    EVERY_TICK = 0
    M1_OHLC = 1
    OPEN_PRICES = 2
    MATH = 3
    REAL_TICKS = 4


class Optimization(IntEnum):
    """Key ``Optimization``."""

    OFF = 0
    COMPLETE = 1
    GENETIC = 2
    ALL_SYMBOLS = 3


class Criterion(IntEnum):
    """What an optimisation looks for (key ``OptimizationCriterion``)."""

    BALANCE = 0
    PROFIT_FACTOR = 1
    EXPECTED_PAYOFF = 2
    DRAWDOWN = 3
    RECOVERY_FACTOR = 4
    SHARPE_RATIO = 5
    CUSTOM = 6
    COMPLEX = 7


class Forward(IntEnum):
    """Which part of the period is kept for the forward test (key ``ForwardMode``)."""

    OFF = 0
    HALF = 1
    THIRD = 2
    QUARTER = 3
    CUSTOM = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchRequest:
    """Start a terminal of our own with one EA on one chart.

    Attributes:
        terminal: Name of a terminal in the settings.
        expert: Path below ``MQL5/Experts`` without ``.ex5``, such as ``Examples/MACD Sample``.
        inputs: Values by name; what is not named keeps the EA's default.
        schema: What the EA's inputs are; None = read from the ``.mq5`` beside the ``.ex5``.
        allow_trading: Let the EA trade. Its orders pass neither our risk checks nor our journal on their way out.
        hello_timeout_s: How long the EA may take until it has said hello on the EA link.
    """

    terminal: str
    expert: str
    symbol: str
    period: ChartPeriod = ChartPeriod.H1
    inputs: Mapping[str, InputValue] = field(default_factory=dict)
    schema: tuple[InputSpec, ...] | None = None
    allow_trading: bool = False
    hello_timeout_s: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestRequest:
    """Run the Strategy Tester in a terminal of our own, which ends by itself.

    Attributes:
        ranges: What an optimisation tries, by input.
        execution_delay_ms: 0 = none, -1 = random, else milliseconds up to 600000.
        timeout_s: After that the terminal is ended.
    """

    terminal: str
    expert: str
    symbol: str
    from_date: date
    to_date: date
    period: ChartPeriod = ChartPeriod.H1
    inputs: Mapping[str, InputValue] = field(default_factory=dict)
    ranges: Mapping[str, InputRange] = field(default_factory=dict)
    schema: tuple[InputSpec, ...] | None = None
    model: TickModel = TickModel.EVERY_TICK
    execution_delay_ms: int = 0
    deposit: Decimal = Decimal(10_000)
    currency: str = "USD"
    leverage: int = 100
    optimization: Optimization = Optimization.OFF
    criterion: Criterion = Criterion.BALANCE
    forward: Forward = Forward.OFF
    forward_date: date | None = None
    timeout_s: float = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalLine:
    """One line of a terminal's journal; ``time`` is its local clock as written, without a date."""

    time: str
    source: str
    text: str


class LaunchState(StrEnum):
    """What became of a launch."""

    STARTED = "started"
    NO_HELLO = "no_hello"
    EXITED = "exited"
    STOPPED = "stopped"
    ATTACHED = "attached"
    """Not launched: somebody put it on a chart by hand, and it connected by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hello:
    """What an EA said of itself when it connected; ``is_demo`` None = it did not say."""

    expert: str
    version: str
    login: int
    server: str
    symbol: str
    period: str
    build: int
    is_demo: bool | None
    may_trade: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpertView:
    """One EA as it stands now; ``connected`` = its link is up. Of one attached by hand only its hello is known."""

    expert_id: str
    terminal: str | None
    expert: str
    symbol: str
    period: ChartPeriod | None
    state: LaunchState
    connected: bool
    process_id: int | None
    exit_code: int | None
    hello: Hello | None
    started_at_ns: int | None
    journal: tuple[JournalLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyDeal:
    """One row of a report's table of deals; ``time`` is the tester's server time as written."""

    time: str
    deal: str
    symbol: str
    kind: str
    direction: str
    volume: Decimal | None
    price: Decimal | None
    order: str
    commission: Decimal | None
    swap: Decimal | None
    profit: Decimal | None
    balance: Decimal | None
    comment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyReport:
    """A report of the Strategy Tester.

    Attributes:
        language: ``en``, ``de``... or None when its labels are not known; then ``metrics`` is empty.
        settings: Words such as ``expert``, ``symbol``, ``period`` as written.
        inputs: The inputs the tester used, as written.
        metrics: Numbers by our names, such as ``net_profit``, ``equity_drawdown_maximal_percent``.
        raw: Every label with its value, as written.
    """

    language: str | None
    settings: Mapping[str, str]
    inputs: Mapping[str, str]
    metrics: Mapping[str, Decimal]
    deals: tuple[StrategyDeal, ...]
    raw: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimizationPass:
    """One row of an optimisation's table, by its own column names."""

    values: Mapping[str, Decimal | str]


class BacktestState(StrEnum):
    """How a run of the Strategy Tester ended."""

    COMPLETED = "completed"
    NO_REPORT = "no_report"
    TIMED_OUT = "timed_out"


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestOutcome:
    """A run of the Strategy Tester; ``warnings`` are sentences that say why not to trust a number."""

    state: BacktestState
    exit_code: int | None
    report: StrategyReport | None
    passes: tuple[OptimizationPass, ...]
    warnings: tuple[str, ...]
    journal: tuple[JournalLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TerminalView:
    """A terminal that experts may be started in."""

    name: str
    folder: str
    environment: str
    is_running: bool
    experts: tuple[str, ...]
