"""Signals on the wire: what alerts send, and what became of it."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from edgerunner.schemas.base import AnswerModel, RequestModel, WholeNumber, one_of
from edgerunner.schemas.scalars import DecimalText, InstrumentId, PositiveDecimal, TimeText

StrategyId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$"), Field(examples=["tv-breakout"])]

SignalId = Annotated[
    str,
    StringConstraints(pattern=r"^[^\x00-\x1f\x7f]{1,128}$"),
    Field(
        description="Names this signal: a second one with the same id is a resend.", examples=["2026-11-23T04:00:00Z"]
    ),
]


class SignalRequestBody(RequestModel):
    """An alert's message. Numbers may be JSON numbers here: they are read digit by digit."""

    secret: Annotated[str, Field(max_length=256, description="The strategy's; not needed with a signature.")] | None = (
        None
    )
    action: Literal["buy", "sell", "close"]
    instrument_id: InstrumentId | None = None
    quantity: PositiveDecimal | None = None
    price: Annotated[
        PositiveDecimal | None, Field(description="Limit price; without one the order is a market order.")
    ] = None
    id: SignalId | None = None


class SignalAcceptedAnswer(AnswerModel):
    """The signal is durable and will be acted on once; a ``duplicate`` was already."""

    signal_id: str
    duplicate: bool


class SignalAnswer(AnswerModel):
    """A signal and what became of it."""

    signal_id: str
    strategy_id: str
    action: Annotated[str, one_of("buy", "sell", "close")]
    instrument_id: str
    quantity: DecimalText | None
    price: DecimalText | None
    state: Annotated[str, one_of("accepted", "acted", "refused", "expired")]
    client_order_id: str | None
    reason: str | None
    received_at: TimeText
    finished_at: TimeText | None


class SignalPage(AnswerModel):
    """Signals, newest first."""

    signals: list[SignalAnswer]
    next_cursor: str | None


class SignalSecretRequest(RequestModel):
    """How to change over to a new secret."""

    keep_old_s: Annotated[
        WholeNumber, Field(ge=0, le=604_800, description="How many seconds the old secret stays good.")
    ] = 0


class SignalSecretAnswer(AnswerModel):
    """A new secret; no call shows it again."""

    strategy_id: str
    secret: str
    path: str
