"""A file becomes a dataset: read, checked, inspected, stored. Blocking; the same for API and command line."""

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from edgerunner.backtest.columns import BadData, BarColumns
from edgerunner.domain.errors import InvalidRequest
from edgerunner.domain.identifiers import ulid
from edgerunner.domain.market import Timeframe
from edgerunner.storage.bar_files import MarketFile, read_market_file
from edgerunner.storage.catalogue import Catalogue
from edgerunner.storage.datasets import Dataset, Origin
from edgerunner.storage.inspection import Inspection, bar_length, inspect_bars, inspect_ticks
from edgerunner.storage.market_files.byte_source import ByteSource, Limits
from edgerunner.storage.market_files.column_names import Kind
from edgerunner.storage.repairs import Columns, Repair

_LONGEST_NAME = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRequest:
    """How a file is to be taken in.

    Attributes:
        file_name: What the sender calls the file; a label, never a path.
        name: Name of the dataset; the file's when None.
        timeframe: Length of the bars; told from their times when None. None for ticks.
        timezone: IANA name of the clock behind times without an offset; None = UTC, or what the format says.
        format: What the file must be; told by its content when None.
        repairs: What may be done to bad rows; nothing by default.
    """

    file_name: str
    instrument_id: str
    name: str | None = None
    timeframe: Timeframe | None = None
    timezone: str | None = None
    format: str | None = None
    repairs: frozenset[Repair] = frozenset()


def new_dataset_id(now_ms: int) -> str:
    """Return a new id; nothing a user gives is part of it."""
    return ulid(now_ms, secrets.randbits(80))


def import_file(
    catalogue: Catalogue, file: Path | BinaryIO, request: ImportRequest, *, now_ms: int, limits: Limits
) -> Dataset:
    """Store a file's rows as a new dataset and return it.

    Raises ``BadData`` that names the row and column, ``InvalidRequest``, ``Conflict``: then nothing was stored.
    """
    label = label_of(request.file_name)
    size, digest = ByteSource(file, name=label, limits=limits).size_and_sha256()
    found = read_market_file(
        file, name=label, format=request.format, timezone=request.timezone, repairs=request.repairs, limits=limits
    )
    timeframe = _timeframe(found, request.timeframe, label)
    dataset = Dataset(
        dataset_id=new_dataset_id(now_ms),
        name=request.name or label,
        kind=found.kind,
        instrument_id=request.instrument_id,
        timeframe=timeframe,
        origin=Origin(file=label, format=found.format.value, sha256=digest, bytes=size),
        created_ms=now_ms,
        timezone=request.timezone,
        notes=found.notes,
        repaired=found.repaired,
        checks=inspected(found.columns, timeframe),
    )
    return catalogue.create(dataset, found.columns)


def inspected(columns: Columns, timeframe: Timeframe | None) -> Inspection:
    """Return what is odd about the rows of a dataset."""
    if isinstance(columns, BarColumns):
        return inspect_bars(columns, timeframe or Timeframe.M1)
    return inspect_ticks(columns)


def label_of(file_name: str) -> str:
    """Return a sender's file name as a label: its last part, printable, at most 128 characters."""
    last = file_name.replace("\\", "/").rpartition("/")[2]
    return "".join(character for character in last if character.isprintable())[:_LONGEST_NAME] or "unnamed"


def _timeframe(found: MarketFile, wanted: Timeframe | None, label: str) -> Timeframe | None:
    """Return the bars' length: the caller's word where the times agree with it, else the most frequent step."""
    if found.kind is Kind.TICKS:
        if wanted is not None:
            raise InvalidRequest.of("timeframe", "forbidden", "the file holds ticks, which have no timeframe")
        return None
    timeframe = wanted or bar_length(found.columns.time_ms)
    if timeframe is None:
        allowed = ", ".join(Timeframe)
        raise InvalidRequest.of("timeframe", "required", f"cannot be told from the bars' times; give one of {allowed}")
    _require_steps(found, timeframe, label)
    return timeframe


def _require_steps(found: MarketFile, timeframe: Timeframe, label: str) -> None:
    steps = np.diff(found.columns.time_ms)
    length_ms = timeframe.length_ns // 1_000_000
    if len(steps) and int(steps.min()) < length_ms:
        row = int(np.argmax(steps < length_ms)) + 2
        reason = f"opens {int(steps[row - 2]) / 1000:g} s after the bar before it, within that bar of {timeframe}"
        remedy = "check the timeframe, or drop one of the overlapping bars"
        raise BadData(reason, remedy=remedy, source=label, code="overlap", field="time", row=row)
    if len(steps) and not (steps == length_ms).any():
        shortest = int(steps.min()) / 1000
        raise InvalidRequest.of(
            "timeframe", "mismatch", f"is {timeframe}, but the bars are {shortest:g} s or more apart; check it"
        )
