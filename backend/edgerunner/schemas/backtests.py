"""Backtests on the wire: what is asked for, how far a run is, and its results."""

from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from edgerunner.domain.errors import FieldError
from edgerunner.domain.market import Timeframe
from edgerunner.domain.numbers import parse_plain, to_plain
from edgerunner.schemas.base import AnswerModel, RequestModel, WholeNumber, one_of
from edgerunner.schemas.paging import Cursor
from edgerunner.schemas.problems import FieldProblem
from edgerunner.schemas.risk import LimitsRequest
from edgerunner.schemas.scalars import (
    ConnectionId,
    DecimalText,
    InstrumentId,
    PositiveDecimal,
    RequestTime,
    TimeText,
    Word,
)


def _fraction_from_wire(value: object) -> Decimal:
    if isinstance(value, Decimal):
        return value
    if not isinstance(value, str):
        raise PydanticCustomError("decimal_type", 'must be a decimal in a JSON string such as "0.0006"')
    try:
        return parse_plain(value)
    except ValueError as error:
        raise PydanticCustomError("decimal_format", "{reason}", {"reason": str(error)}) from None


def _require_small(number: Decimal) -> Decimal:
    if not -1 < number < 1:
        raise PydanticCustomError("out_of_range", "must be a fraction between -1 and 1: 0.0006 is 0.06 %")
    return number


def _require_not_negative(number: Decimal) -> Decimal:
    if number < 0:
        raise PydanticCustomError("negative", "must not be negative")
    return number


Fraction = Annotated[
    Decimal,
    BeforeValidator(_fraction_from_wire),
    AfterValidator(_require_small),
    PlainSerializer(to_plain, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": r"^-?0(\.[0-9]{1,18})?$", "examples": ["0.0006"]}),
]
"""A fraction of notional or of a price; negative is a rebate."""

Parameter = StrictBool | StrictInt | StrictFloat | Annotated[StrictStr, Field(max_length=1_000)]
"""The value of a strategy's parameter: a JSON boolean, number or string."""

ParameterName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")]
ClassName = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}(\.[A-Za-z_][A-Za-z0-9_]{0,63})?$",
        description="A shipped class, or `<file>.<class>` of the folder `strategies` of the data folder.",
        examples=["SmaCross"],
    ),
]


class BacktestData(RequestModel):
    """Where the history comes from: a dataset, or a connection."""

    dataset_id: Word | None = None
    connection_id: ConnectionId | None = None


class BacktestFees(RequestModel):
    """Fees as fractions of notional."""

    maker: Fraction = Decimal(0)
    taker: Fraction = Decimal(0)


class FundingPoint(RequestModel):
    """One funding settlement: longs pay the rate, a fraction of the position's worth, to shorts."""

    time: RequestTime
    rate: Fraction


class BacktestRunRequest(RequestModel):
    """One run."""

    strategy: ClassName
    parameters: Annotated[dict[ParameterName, Parameter], Field(default_factory=dict, max_length=100)]
    instrument_id: InstrumentId
    timeframe: Timeframe
    start: RequestTime | None = None
    end: RequestTime | None = None
    data: BacktestData
    initial_cash: Annotated[PositiveDecimal, Field(description="In the instrument's settlement currency.")]
    fees: BacktestFees | None = None
    slippage: Annotated[Fraction, AfterValidator(_require_not_negative)] = Decimal(0)
    spread: Annotated[
        Literal["none", "mid", "bid"],
        Field(description="Which part of the data's spread orders that take pay: none, half, or buyers all of it."),
    ] = "none"
    fill: Literal["next_open", "same_close"] = "next_open"
    funding: Annotated[
        list[FundingPoint],
        Field(default_factory=list, max_length=10_000, description="Settlements of a perpetual, oldest first."),
    ]
    limits: Annotated[
        LimitsRequest | None,
        Field(description="Refuses orders as the limits of live trading do; money in the settlement currency."),
    ] = None
    seed: Annotated[WholeNumber, Field(ge=0, le=2**63 - 1)] = 0

    def rule_errors(self) -> Iterator[FieldError]:
        """Yield what is wrong beyond single fields."""
        if (self.data.dataset_id is None) == (self.data.connection_id is None):
            yield FieldError(field="data", code="one_of", message="give either dataset_id or connection_id")
        for number, (earlier, later) in enumerate(pairwise(self.funding), 1):
            if later.time <= earlier.time:
                yield FieldError(field=f"funding.{number}.time", code="unsorted", message="must be later than the last")
                return


class ListPageQuery(RequestModel):
    """Which part of a long result."""

    limit: Annotated[WholeNumber, Field(ge=1, le=10_000, description="Most items of one answer.")] = 1_000
    cursor: Cursor | None = None


class BacktestErrorAnswer(AnswerModel):
    """Why a run has no result: a stable code, a sentence, and the fields of the request that were wrong."""

    code: str
    detail: str
    errors: list[FieldProblem]


class BacktestRunAnswer(AnswerModel):
    """A run; ``metrics`` and ``assumptions`` are null until it completed, ``progress`` is 0 to 1."""

    run_id: str
    state: Annotated[str, one_of("queued", "running", "completed", "failed", "canceled")]
    progress: float
    request: dict[str, object]
    metrics: dict[str, float | int | str | None] | None
    assumptions: dict[str, str] | None
    error: BacktestErrorAnswer | None
    created_at: TimeText
    started_at: TimeText | None
    finished_at: TimeText | None


class BacktestRunPage(AnswerModel):
    """Runs, newest first."""

    runs: list[BacktestRunAnswer]
    next_cursor: str | None


class BacktestTradeAnswer(AnswerModel):
    """A closed round trip; ``pnl`` is net of fees, ``mae`` and ``mfe`` are the largest open loss and profit."""

    instrument_id: str
    side: Annotated[str, one_of("buy", "sell")]
    quantity: DecimalText
    entry_time: str
    entry_price: DecimalText
    exit_time: str
    exit_price: DecimalText
    pnl: DecimalText
    fees: DecimalText
    bars_held: int
    mae: DecimalText | None
    mfe: DecimalText | None


class BacktestTradePage(AnswerModel):
    """Trades, oldest first."""

    trades: list[BacktestTradeAnswer]
    next_cursor: str | None


class BacktestRefusalAnswer(AnswerModel):
    """All orders that were refused with one code; ``text`` is the sentence of the first of them."""

    code: str
    orders: int
    text: str
    first_time: str
    last_time: str


class BacktestRefusals(AnswerModel):
    """Refused orders by code, the most frequent first."""

    refusals: list[BacktestRefusalAnswer]


class EquityPointAnswer(AnswerModel):
    """Money at the end of the bar that opened at ``time``."""

    time: TimeText
    equity: str


class EquityCurvePage(AnswerModel):
    """The equity curve, oldest first."""

    equity: list[EquityPointAnswer]
    next_cursor: str | None
