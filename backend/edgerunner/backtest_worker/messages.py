"""What the API process and a backtest's process say to each other: JSON lines of typed values.

The API sends one ``Job`` and keeps the pipe open; when it closes, the API is gone and the process
ends. The process answers with any number of ``Progress`` and one ``Completed`` or ``Failed``.
"""

from decimal import Decimal
from typing import TypeVar

import msgspec
from msgspec import Struct

from edgerunner.backtest.config import TimedRate
from edgerunner.domain.instruments import Instrument
from edgerunner.risk.limits import RiskLimits
from edgerunner.strategy_worker.messages import ClassSource

LONGEST_LINE = 4 * 1024 * 1024


class DatasetSource(Struct, frozen=True, tag=True):
    """Rows of a dataset below the folder of all datasets."""

    folder: str
    dataset_id: str


class FileSource(Struct, frozen=True, tag=True):
    """Bars in a file; ``timezone`` is the clock behind times that name no offset, None = UTC."""

    path: str
    timezone: str | None = None


class Job(Struct, frozen=True, kw_only=True):
    """One run.

    Attributes:
        instrument: Its terms; None = none are known, the prices' own decimals are the tick and nothing is refused.
        start_ms: Bars from this time on, UTC epoch milliseconds; None = from the first.
        end_ms: Bars before this time; None = to the last.
        initial_cash: In the instrument's settlement currency.
        maker: Fee as a fraction of notional, as ``taker``.
        slippage: Fraction of the price.
        limits: What orders are refused for before they reach the market.
        funding: (time, UTC nanoseconds; rate) of settlements, oldest first.
        output: The folder for the result's files; it exists and is empty.
        memory_bytes: How much the process may grow beyond what it has before it loads anything.
    """

    strategy: ClassSource
    parameters: dict[str, bool | int | float | str]
    instrument_id: str
    instrument: Instrument | None
    timeframe: str
    data: DatasetSource | FileSource
    start_ms: int | None
    end_ms: int | None
    initial_cash: Decimal
    maker: Decimal
    taker: Decimal
    slippage: Decimal
    spread: str
    fill: str
    limits: RiskLimits
    funding: tuple[TimedRate, ...]
    seed: int
    output: str
    memory_bytes: int


class WrongField(Struct, frozen=True):
    """One wrong field of the request."""

    field: str
    code: str
    message: str


class Progress(Struct, frozen=True, tag=True):
    """How much of the history is done, 0 to 1."""

    fraction: float


class Completed(Struct, frozen=True, tag=True):
    """The result's files are written. Times among the metrics are RFC 3339 text."""

    metrics: dict[str, float | int | str | None]
    assumptions: dict[str, str]


class Failed(Struct, frozen=True, tag=True):
    """There is no result; ``code`` is stable, ``detail`` a sentence."""

    code: str
    detail: str
    errors: list[WrongField] = []


FromWorker = Progress | Completed | Failed
Message = TypeVar("Message")

_encoder = msgspec.json.Encoder()
_job_decoder = msgspec.json.Decoder(Job)
_message_decoder: msgspec.json.Decoder[FromWorker] = msgspec.json.Decoder(FromWorker)


def encode(message: Job | FromWorker) -> bytes:
    """Return a message as a line."""
    return _encoder.encode(message) + b"\n"


class UnreadableLine(ValueError):
    """A line that is no message of this protocol."""


def decode_job(line: bytes) -> Job:
    """Return the job of a line; raises ``UnreadableLine``."""
    return _decoded(_job_decoder, line)


def decode_message(line: bytes) -> FromWorker:
    """Return the message of a line; raises ``UnreadableLine``."""
    return _decoded(_message_decoder, line)


def _decoded(decoder: msgspec.json.Decoder[Message], line: bytes) -> Message:
    try:
        return decoder.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableLine(str(error)) from error
