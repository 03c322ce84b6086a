"""What is known about a dataset beside its rows: one JSON file per dataset."""

import hashlib
import re
from dataclasses import dataclass, field
from enum import StrEnum

from edgerunner.domain.market import Timeframe
from edgerunner.storage.inspection import Inspection
from edgerunner.storage.market_files.column_names import Kind

FOLDER = "datasets"
"""Name of the catalogue's folder in the data folder."""

DATASET_ID = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")
"""A ULID; it is the folder's name, so nothing else ever is."""


class DownloadState(StrEnum):
    """Where a download stands."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELED = "canceled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One Parquet file of a dataset; ``end_ms`` is the time of its last row."""

    file: str
    rows: int
    start_ms: int
    end_ms: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where the rows came from: an uploaded or imported file, or a connection.

    ``sha256`` and ``bytes`` are those of the file as it was given.
    """

    file: str | None = None
    format: str | None = None
    sha256: str | None = None
    bytes: int | None = None
    connection_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """A download: bars that open in [start, end) were asked for, all before ``cursor_ms`` are stored."""

    state: DownloadState
    start_ms: int
    end_ms: int
    cursor_ms: int
    error: str | None = None

    @property
    def progress(self) -> float:
        """Return the part of the interval that is done, 0 to 1."""
        length = self.end_ms - self.start_ms
        return 1.0 if length <= 0 else (self.cursor_ms - self.start_ms) / length


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """A dataset and its parts, oldest first; a part that is not listed here does not exist.

    Attributes:
        timezone: Zone in which the file's wall-clock times were read, or None.
        notes: How the file was understood.
        repaired: What repairs did -> rows; empty when none were asked for.
        checks: What was seen at the last inspection; None while a download runs.
    """

    dataset_id: str
    name: str
    kind: Kind
    instrument_id: str
    timeframe: Timeframe | None
    origin: Origin
    created_ms: int
    timezone: str | None = None
    notes: tuple[str, ...] = ()
    repaired: dict[str, int] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    checks: Inspection | None = None
    download: Download | None = None

    @property
    def rows(self) -> int:
        """Return how many bars or ticks there are."""
        return sum(part.rows for part in self.parts)

    @property
    def start_ms(self) -> int | None:
        """Return the time of the first row."""
        return self.parts[0].start_ms if self.parts else None

    @property
    def end_ms(self) -> int | None:
        """Return the time of the last row."""
        return self.parts[-1].end_ms if self.parts else None

    @property
    def sha256(self) -> str:
        """Return a hash of the parts' hashes: equal for equal files, another after any change."""
        return hashlib.sha256("\n".join(part.sha256 for part in self.parts).encode()).hexdigest()
