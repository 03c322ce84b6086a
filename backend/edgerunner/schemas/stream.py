"""Messages of the stream ``/ws/broker``, both ways. Frames are JSON text."""

from typing import Annotated, Literal

from pydantic import Field, JsonValue, TypeAdapter

from edgerunner.schemas.base import AnswerModel, RequestModel
from edgerunner.schemas.scalars import TimeText

ChannelName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=160,
        examples=["orders", "orders:bybit-sim", "quotes:bybit-sim:BTCUSDT-LINEAR.BYBIT"],
    ),
]
Seq = Annotated[int, Field(strict=True, ge=0, le=2**53)]


class AuthenticateOperation(RequestModel):
    """The first frame of a client, within 5 seconds."""

    op: Literal["authenticate"]
    token: Annotated[str, Field(max_length=4_096)]


class SubscribeOperation(RequestModel):
    """Read a channel; with the number and epoch last seen, what was missed is replayed when it can be."""

    op: Literal["subscribe", "resync"]
    channel: ChannelName
    from_seq: Seq | None = None
    epoch: str | None = None


class UnsubscribeOperation(RequestModel):
    """Stop to read a channel."""

    op: Literal["unsubscribe"]
    channel: ChannelName


StreamOperation = Annotated[
    AuthenticateOperation | SubscribeOperation | UnsubscribeOperation, Field(discriminator="op")
]
OPERATIONS: TypeAdapter[AuthenticateOperation | SubscribeOperation | UnsubscribeOperation] = TypeAdapter(
    StreamOperation
)


class AckMessage(AnswerModel):
    """An operation was carried out."""

    kind: Literal["ack"]
    op: str
    channel: str | None
    ok: Literal[True]


class ErrorMessage(AnswerModel):
    """An operation was refused; the codes are those of the HTTP errors."""

    kind: Literal["error"]
    op: str | None
    channel: str | None
    code: str
    detail: str


class ChannelMessage(AnswerModel):
    """What a channel says.

    A ``delta`` has exactly the number after the one before; a ``snapshot`` may come at any time and
    sets the number; a ``heartbeat`` repeats the current one and has no data. A hole, or another
    ``epoch``, means: resync.
    """

    channel: str
    kind: Literal["snapshot", "delta", "heartbeat"]
    seq: int
    epoch: str
    ts: TimeText
    data: JsonValue


STREAM_MODELS = (
    AuthenticateOperation,
    SubscribeOperation,
    UnsubscribeOperation,
    AckMessage,
    ErrorMessage,
    ChannelMessage,
)
"""What the OpenAPI document exports for clients' code generators."""
