"""Times of a file as UTC milliseconds: epoch numbers of four units, ISO text, dates, wall clocks of a zone."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from edgerunner.backtest.columns import Fault, Integers, Mask
from edgerunner.storage.market_files.byte_source import ByteSource
from edgerunner.storage.market_files.cells import failing_rows, is_text, plain, shown
from edgerunner.storage.market_files.zones import to_utc, zone_of

_NUMBER = re.compile(r"\s*-?\d+(\.\d*)?\s*", re.ASCII)
_COMPACT_DATE = re.compile(r"(19|20|21)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])", re.ASCII)
_OFFSET = re.compile(r".*\d{2}:\d{2}.*(?:Z|z|[+-]\d{2}:?\d{2})\s*", re.ASCII)
_DATE_ONLY = re.compile(r"\s*\d{4}[-./]\d{2}[-./]\d{2}\s*", re.ASCII)
_DOTTED = r"^(\d{4})[./](\d{2})[./](\d{2})"

Converter = Callable[[pa.ChunkedArray], pa.ChunkedArray]

_YEARS_MS = (-2_208_988_800_000, 7_258_118_400_000)
"""The years 1900 to 2200."""

_REMEDY = "write times as epoch seconds or milliseconds, or as 2024-01-31 09:30:00"


class EpochUnit(Enum):
    """What an epoch number counts: the digits of a year from 1973 to 5138 tell, and never overlap."""

    SECONDS = ("seconds", 1e8, 1e11, 1e3)
    MILLISECONDS = ("milliseconds", 1e11, 1e14, 1.0)
    MICROSECONDS = ("microseconds", 1e14, 1e17, 1e-3)
    NANOSECONDS = ("nanoseconds", 1e17, 1e20, 1e-6)

    def __init__(self, word: str, low: float, high: float, milliseconds: float) -> None:
        self.word = word
        self.low = low
        self.high = high
        self.milliseconds = milliseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """A time column in UTC milliseconds, how it was read, and what is wrong with it."""

    time_ms: Integers
    notes: tuple[str, ...]
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockRule:
    """How wall-clock times are meant: ``zone`` is the caller's word, ``default_zone`` the format's.

    ``may_repeat`` = neighbours may have the same time (ticks).
    """

    zone: str | None
    default_zone: str | None
    may_repeat: bool

    @property
    def name(self) -> str | None:
        """Return the zone that applies; None = nobody said."""
        return self.default_zone if self.zone is None else self.zone


def read_times(column: pa.ChunkedArray, source: ByteSource, rule: ClockRule, *, field: str) -> Times:
    """Return a column of times; raises ``BadData`` when it is no column of times at all."""
    column = plain(column)
    if column.null_count:
        missing = np.asarray(pc.is_null(column).to_numpy(), dtype=np.bool_)
        raise _fault(field, "missing", "has no time", missing).raised(source.name)
    kind = column.type
    if pa.types.is_timestamp(kind):
        return _stamps(column, source, rule, field)
    if pa.types.is_date(kind):
        return _dates(pc.cast(column, pa.timestamp("ms")), rule, source)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return _epochs(column.to_numpy(), column, source, rule)
    if not is_text(kind):
        reason = f"holds {kind}, no times"
        raise source.bad(reason, remedy=_REMEDY, code="time", field=field)
    return _texts(column, source, rule, field)


def _texts(column: pa.ChunkedArray, source: ByteSource, rule: ClockRule, field: str) -> Times:
    first = column[0].as_py()
    if _COMPACT_DATE.fullmatch(first.strip()):
        return _dates_of_text(column, source, rule, field, pattern=r"^\s*(\d{4})(\d{2})(\d{2})\s*$")
    if _NUMBER.fullmatch(first):
        return _epochs_of_text(column, source, rule, field)
    if _DATE_ONLY.fullmatch(first):
        return _dates_of_text(column, source, rule, field, pattern=r"^\s*(\d{4})[-./](\d{2})[-./](\d{2})\s*$")
    return _moments_of_text(column, source, rule, field)


def _epochs_of_text(column: pa.ChunkedArray, source: ByteSource, rule: ClockRule, field: str) -> Times:
    column = pc.utf8_trim_whitespace(column)
    whole = not pc.any(pc.match_substring(column, ".")).as_py()
    kind = pa.int64() if whole else pa.float64()
    numbers, faults = _readable(column, lambda part: pc.cast(part, kind), source, field)
    return _with(_epochs(numbers.to_numpy(), column, source, rule), faults)


def _epochs(numbers: NDArray[np.number], column: pa.ChunkedArray, source: ByteSource, rule: ClockRule) -> Times:
    _refuse_zone(source, rule, "epoch numbers count in UTC")
    finite = np.nan_to_num(numbers.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    unit = next((unit for unit in EpochUnit if unit.low <= abs(finite[0]) < unit.high), None)
    if unit is None:
        reason = f"is {column[0].as_py()}, too small or large to tell seconds from milliseconds"
        raise source.bad(
            reason, remedy="write such times as 2024-01-31 09:30:00", code="time_unit", field="time", row=1
        )
    other = (finite < unit.low) | (finite >= unit.high)
    faults = (_fault("time", "time_unit", f"is {shown(column, other)}, not {unit.word} as row 1", other),)
    return Times(
        time_ms=_milliseconds(numbers, unit),
        notes=(f"times are epoch {unit.word}",),
        faults=faults if other.any() else (),
    )


def _milliseconds(numbers: NDArray[np.number], unit: EpochUnit) -> Integers:
    if numbers.dtype.kind in "iu":
        whole = numbers.astype(np.int64, copy=False)
        return whole * int(unit.milliseconds) if unit.milliseconds >= 1 else whole // round(1 / unit.milliseconds)
    # A fraction of a second in binary is a little off: to whole microseconds first, then the rest is cut.
    microseconds = np.rint(np.nan_to_num(numbers, nan=0.0, posinf=0.0, neginf=0.0) * unit.milliseconds * 1000)
    return np.asarray(microseconds.astype(np.int64) // 1000)


def _dates_of_text(column: pa.ChunkedArray, source: ByteSource, rule: ClockRule, field: str, *, pattern: str) -> Times:
    def convert(part: pa.ChunkedArray) -> pa.ChunkedArray:
        return pc.cast(pc.cast(pc.replace_substring_regex(part, pattern, r"\1-\2-\3"), pa.date32()), pa.timestamp("ms"))

    days, faults = _readable(column, convert, source, field)
    return _with(_dates(days, rule, source), faults)


def _dates(column: pa.ChunkedArray, rule: ClockRule, source: ByteSource) -> Times:
    zone = rule.name
    if zone is not None:
        _zone(zone, source)
    notes = ("times are dates: 00:00 UTC of the session's day",)
    return Times(time_ms=_integers(column), notes=notes)


def _moments_of_text(column: pa.ChunkedArray, source: ByteSource, rule: ClockRule, field: str) -> Times:
    has_offset = _OFFSET.fullmatch(column[0].as_py()) is not None
    kind = pa.timestamp("ns", "UTC") if has_offset else pa.timestamp("ns")

    def convert(part: pa.ChunkedArray) -> pa.ChunkedArray:
        trimmed = pc.utf8_trim_whitespace(part)
        return pc.cast(pc.replace_substring_regex(trimmed, _DOTTED, r"\1-\2-\3"), kind)

    stamps, faults = _readable(column, convert, source, field)
    return _with(_stamps(stamps, source, rule, field), faults)


def _stamps(column: pa.ChunkedArray, source: ByteSource, rule: ClockRule, field: str) -> Times:
    divisor = {"s": 1, "ms": 1, "us": 1_000, "ns": 1_000_000}[column.type.unit]
    local_ms = _integers(column) // divisor * (1000 if column.type.unit == "s" else 1)
    if column.type.tz is not None:
        _refuse_zone(source, rule, "the times name their own offset from UTC")
        return Times(time_ms=local_ms, notes=("times name their offset from UTC",))
    name = rule.name
    if name is None:
        raise source.bad(
            "the times are a trade server's clock, which the file does not name",
            remedy="name its time zone, such as Europe/Athens for the usual EET/EEST servers",
            code="timezone",
            field=field,
        )
    zone = _zone(name, source)
    if name == "UTC":
        return Times(time_ms=local_ms, notes=("times are read as UTC",))
    return _in_zone(local_ms, zone, rule, field=field, column=column)


def _in_zone(local_ms: Integers, zone: ZoneInfo, rule: ClockRule, *, field: str, column: pa.ChunkedArray) -> Times:
    strange = (local_ms < _YEARS_MS[0]) | (local_ms >= _YEARS_MS[1])
    if strange.any():
        fault = _fault(field, "time", f"is {shown(column, strange)}, outside the years 1900 to 2200", strange)
        return Times(time_ms=local_ms, notes=(), faults=(fault,))
    found = to_utc(local_ms, zone, may_repeat=rule.may_repeat)
    faults = []
    if found.missing.any():
        reason = f"is {shown(column, found.missing)}, an hour that the clocks of {zone.key} skip"
        remedy = "check the time zone, correct or drop the rows"
        faults.append(Fault(field=field, code="dst_missing", reason=reason, remedy=remedy, rows=found.missing))
    if found.ambiguous.any():
        reason = f"is {shown(column, found.ambiguous)}, an hour that the clocks of {zone.key} show twice"
        remedy = "export the file in UTC, or drop the rows of that hour"
        faults.append(Fault(field=field, code="dst_twice", reason=reason, remedy=remedy, rows=found.ambiguous))
    notes = [f"times are read as {zone.key}"]
    if found.decided_rows:
        notes.append(f"{found.decided_rows} rows lie in an hour that exists twice and were placed by their order")
    return Times(time_ms=found.time_ms, notes=tuple(notes), faults=tuple(faults))


def _zone(name: str, source: ByteSource) -> ZoneInfo:
    zone = zone_of(name)
    if zone is None:
        reason = f"there is no time zone {name!r}"
        remedy = "use an IANA name such as UTC, Europe/Athens or America/New_York"
        raise source.bad(reason, remedy=remedy, code="timezone", field="timezone")
    return zone


def _refuse_zone(source: ByteSource, rule: ClockRule, reason: str) -> None:
    if rule.zone not in {None, "UTC"}:
        remedy = "leave the time zone out"
        raise source.bad(f"{reason}, so {rule.zone} cannot apply", remedy=remedy, code="timezone", field="timezone")


def _readable(
    column: pa.ChunkedArray, convert: Converter, source: ByteSource, field: str
) -> tuple[pa.ChunkedArray, tuple[Fault, ...]]:
    """Convert a column; unreadable cells repeat a readable one and are named by the fault."""
    try:
        return convert(column), ()
    except pa.ArrowInvalid:
        rows = failing_rows(column, convert)
    fault = _fault(field, "time", f"is {shown(column, rows)}, no time like the others", rows)
    if rows.all():
        raise fault.raised(source.name)
    return convert(pc.if_else(pa.array(~rows), column, column[int(np.argmin(rows))])), (fault,)


def _fault(field: str, code: str, reason: str, rows: Mask) -> Fault:
    return Fault(field=field, code=code, reason=reason, remedy=_REMEDY, rows=rows)


def _with(times: Times, faults: tuple[Fault, ...]) -> Times:
    return replace(times, faults=faults + times.faults)


def _integers(column: pa.ChunkedArray) -> Integers:
    values: Integers = pc.cast(column, pa.int64()).to_numpy()
    return values
