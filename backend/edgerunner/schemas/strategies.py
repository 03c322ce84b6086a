"""Strategies on the wire. Parameters are the strategy's own: JSON numbers, words and flags as its schema says."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, JsonValue, StringConstraints, field_validator
from pydantic_core import PydanticCustomError

from edgerunner.domain.identifiers import CONNECTION_ID
from edgerunner.domain.instruments import QuantityUnit
from edgerunner.domain.market import Timeframe
from edgerunner.schemas.base import AnswerModel, RequestModel, one_of
from edgerunner.schemas.orders import MoneyAnswer
from edgerunner.schemas.scalars import ConnectionId, DecimalText, TimeText, Word

StrategyId = Annotated[str, StringConstraints(pattern=f"^{CONNECTION_ID.pattern}$"), Field(examples=["sample-sma"])]
ClassName = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}(\.[A-Za-z_][A-Za-z0-9_]{0,63})?$"),
    Field(description="A shipped class, or `<file>.<class>` of the data folder's `strategies`.", examples=["SmaCross"]),
]
InstrumentKey = Annotated[
    str,
    StringConstraints(pattern=r"^[^\x00-\x1f\x7f]{1,113}\.[A-Z0-9]{1,16}$"),
    Field(
        description="An instrument of `connection_id`, or `<connection_id>:<instrument_id>` of another connection.",
        examples=["BTCUSDT-LINEAR.BYBIT"],
    ),
]
ParameterName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")]
OnStop = Literal["keep", "cancel"]


class CreateStrategyRequest(RequestModel):
    """An instance of a strategy class; it does not run until it is started."""

    strategy_id: StrategyId | None = None
    class_name: ClassName = Field(alias="class")
    parameters: Annotated[dict[ParameterName, JsonValue], Field(max_length=64)] | None = None
    connection_id: ConnectionId
    account_id: Word | None = None
    instrument_ids: Annotated[list[InstrumentKey], Field(min_length=1, max_length=20)]
    timeframe: Timeframe
    on_stop: Annotated[
        OnStop | None, Field(description="What becomes of open orders when it stops or faults; null: cancel.")
    ] = None

    @field_validator("instrument_ids")
    @classmethod
    def _distinct(cls, keys: list[str]) -> list[str]:
        if len(set(keys)) != len(keys):
            raise PydanticCustomError("repeated", "names an instrument twice")
        return keys


class StrategyClassAnswer(AnswerModel):
    """A class that can be started; ``parameters`` is a JSON schema (draft 2020-12)."""

    name: str
    file: str | None
    summary: str
    parameters: dict[str, JsonValue]


class BadStrategyFileAnswer(AnswerModel):
    """A file of the user's folder whose classes cannot be used."""

    file: str
    error: str


class StrategyClassList(AnswerModel):
    """Shipped classes, then the user's; files that cannot be used apart."""

    classes: list[StrategyClassAnswer]
    bad_files: list[BadStrategyFileAnswer]


class StrategyPositionAnswer(AnswerModel):
    """What a strategy's own fills add up to, beside the account's whole position (signed)."""

    connection_id: str
    account_id: str
    instrument_id: str
    side: Annotated[str, one_of("long", "short")]
    quantity: DecimalText
    quantity_unit: QuantityUnit
    average_price: DecimalText | None
    currency: str
    unrealized_pnl: DecimalText | None
    realized_pnl: DecimalText
    account_quantity: DecimalText


class PerformanceAnswer(AnswerModel):
    """Totals of a strategy's own fills by settlement currency, before fees; fees stand apart.

    ``unrealized_pnl`` is null while a price is missing. Funding belongs to the account and is not in it.
    """

    orders: int
    open_orders: int
    fills: int
    trades: int
    winning_trades: int
    realized_pnl: list[MoneyAnswer]
    unrealized_pnl: list[MoneyAnswer] | None
    fees: list[MoneyAnswer]


class StrategyAnswer(AnswerModel):
    """One strategy; ``live`` is false while it runs but still waits for its connection or warms up."""

    model_config = ConfigDict(serialize_by_alias=True)

    strategy_id: str
    class_name: str = Field(serialization_alias="class")
    parameters: dict[str, JsonValue]
    connection_id: str
    account_id: str | None
    instrument_ids: list[str]
    timeframe: Timeframe
    on_stop: Annotated[str, one_of("keep", "cancel")]
    state: Annotated[str, one_of("created", "running", "paused", "stopped", "faulted")]
    live: bool
    reason: str | None
    created_at: TimeText
    started_at: TimeText | None
    positions: list[StrategyPositionAnswer]
    performance: PerformanceAnswer


class StrategyList(AnswerModel):
    """All strategies, oldest first."""

    strategies: list[StrategyAnswer]


class LogLineAnswer(AnswerModel):
    """One line; ``output`` is what the strategy's code printed."""

    time: TimeText
    level: Annotated[str, one_of("info", "warning", "error", "output")]
    text: str


class StrategyLogPage(AnswerModel):
    """A strategy's log, newest first; the newest 2,000 lines are kept."""

    lines: list[LogLineAnswer]
    next_cursor: str | None
