"""Datasets on the wire: uploads, downloads, what is known about each."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from edgerunner.domain.errors import FieldError
from edgerunner.domain.market import Timeframe
from edgerunner.schemas.base import AnswerModel, RequestModel, one_of
from edgerunner.schemas.paging import PageQuery
from edgerunner.schemas.scalars import ConnectionId, DecimalText, InstrumentId, RequestTime, TimeText

REPAIRS = ("skip_bad_rows", "sort", "drop_duplicates")

DatasetId = Annotated[str, Field(pattern=r"^[0-9A-HJKMNP-TV-Z]{26}$", examples=["01JD8Z4K3V7Q2M5N9R1T6W8X0Y"])]
DatasetName = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]{1,128}$", description="A label; by default the file's.")]
_TimezoneName = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9_+/-]{1,64}$",
        description="IANA name of the clock behind times that name no offset, such as Europe/Athens. "
        "Without it they are UTC; MetaTrader 5 exports need it.",
    ),
]


def _split(value: object) -> object:
    if not isinstance(value, str):
        return value
    words = tuple(word.strip() for word in value.split(","))
    if wrong := [word for word in words if word not in REPAIRS]:
        raise PydanticCustomError(
            "repairs", "holds {word}; known are {known}", {"word": repr(wrong[0]), "known": ", ".join(REPAIRS)}
        )
    return words


RepairWords = Annotated[
    tuple[str, ...],
    BeforeValidator(_split),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": f"^({'|'.join(REPAIRS)})(,({'|'.join(REPAIRS)}))*$",
            "description": "What may be done to bad rows, separated by commas; without it a bad row is an error.",
        }
    ),
]


class DatasetsQuery(PageQuery):
    """Which datasets, newest first."""


class UploadForm(RequestModel):
    """The fields of an upload beside its ``file``."""

    instrument_id: InstrumentId
    name: DatasetName | None = None
    timeframe: Annotated[Timeframe, Field(description="Bars' length; told from their times without it.")] | None = None
    timezone: _TimezoneName | None = None
    format: (
        Annotated[
            Literal["csv", "mt5", "bybit", "parquet"],
            Field(description="What the file must be; its content tells it anyway."),
        ]
        | None
    ) = None
    repairs: RepairWords = ()


class DownloadRequestBody(RequestModel):
    """Which bars to fetch: those that open in [start, end); without ``end`` until now."""

    connection_id: ConnectionId
    instrument_id: InstrumentId
    timeframe: Timeframe
    start: RequestTime
    end: RequestTime | None = None
    name: DatasetName | None = None

    def rule_errors(self) -> tuple[FieldError, ...]:
        """Return an error when the interval is empty."""
        if self.end is None or self.start < self.end:
            return ()
        return (FieldError(field="end", code="empty_interval", message="must be later than start"),)


class GapAnswer(AnswerModel):
    """A hole: the opening of the bar before it and of the bar after it, and how many bars are missing."""

    after: TimeText
    before: TimeText
    missing: int


class OutlierAnswer(AnswerModel):
    """A bar that reaches far from the close before it, by ``move`` as a fraction."""

    time: TimeText
    reached: DecimalText
    move: DecimalText


class ChecksAnswer(AnswerModel):
    """What is odd about the rows: reported, never mended. Lists hold the longest or largest 20."""

    calendar: Annotated[str, one_of("always", "weekdays", "sessions", "business_days")] | None
    gaps: int
    missing_bars: int
    longest_gaps: list[GapAnswer]
    breaks: int
    off_grid: int
    zero_volume: int
    spread_negative: int
    spread_unknown: int | None
    outliers: int
    largest_outliers: list[OutlierAnswer]
    same_time: int


class OriginAnswer(AnswerModel):
    """Where the rows came from: a file (its name, format, SHA-256 and size) or a connection."""

    file: str | None
    format: str | None
    sha256: str | None
    bytes: int | None
    connection_id: str | None


class DownloadAnswer(AnswerModel):
    """Where a download stands; ``progress`` 0 to 1, ``error`` the reason of a failure."""

    state: Annotated[str, one_of("queued", "running", "completed", "failed", "canceled")]
    progress: float
    start: TimeText
    end: TimeText
    error: str | None


class RepairedAnswer(AnswerModel):
    """What a repair that was asked for did, and to how many rows."""

    what: str
    rows: int


class DatasetAnswer(AnswerModel):
    """One dataset; ``start`` and ``end`` are the times of its first and last row."""

    dataset_id: str
    name: str
    kind: Annotated[str, one_of("bars", "ticks")]
    instrument_id: str
    timeframe: Timeframe | None
    source: OriginAnswer
    timezone: str | None
    columns: list[str]
    rows: int
    start: TimeText | None
    end: TimeText | None
    sha256: str
    notes: list[str]
    repaired: list[RepairedAnswer]
    checks: ChecksAnswer | None
    download: DownloadAnswer | None
    created_at: TimeText


class DatasetList(AnswerModel):
    """Datasets, newest first."""

    datasets: list[DatasetAnswer]
    next_cursor: str | None
