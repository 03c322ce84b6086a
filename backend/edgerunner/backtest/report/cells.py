"""Values as text: exact in files, readable on the page."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from edgerunner.backtest.metrics import MetricDefinition, Unit
from edgerunner.backtest.metrics.curve import Integers
from edgerunner.domain.numbers import to_plain

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NOTHING = "-"

Plain = str | int | float | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table of plain values under column names."""

    columns: tuple[str, ...]
    rows: Iterator[tuple[Plain, ...]]


def rfc3339(time_ms: int) -> str:
    """Write a UTC time with microseconds, such as ``2026-11-23T04:00:00.000000Z``."""
    return (_EPOCH + timedelta(milliseconds=time_ms)).isoformat(timespec="microseconds").replace("+00:00", "Z")


def table(values: Sequence[object], row: type, *, write_time: Callable[[int], str] = rfc3339) -> Table:
    """Return frozen dataclass values of one class as a table; without any, its columns are those of ``row``.

    Fields such as ``entry_time_ms`` and ``time_ns`` become a column ``entry_time`` and ``time``, written
    by ``write_time`` from UTC epoch milliseconds.
    """
    names = [field.name for field in fields(type(values[0]) if values else row)]
    return Table(
        columns=tuple(name[:-3] if _is_time(name) else name for name in names),
        rows=(tuple(_cell(name, getattr(value, name), write_time) for name in names) for value in values),
    )


def _is_time(name: str) -> bool:
    return name.endswith(("time_ms", "time_ns"))


def _cell(name: str, value: object, write_time: Callable[[int], str]) -> Plain:
    if _is_time(name) and isinstance(value, int):
        return write_time(value if name.endswith("_ms") else value // 1_000_000)
    return plain(value)


def plain(value: Any) -> Plain:
    """Return a JSON value: decimals as plain text, numbers and text unchanged, anything else by ``str``."""
    match value:
        case None | bool() | int() | float():
            return value
        case Decimal():
            return to_plain(value)
        case _:
            return str(value)


def rfc3339_all(time_ms: Integers) -> list[str]:
    """Write many times at once."""
    texts: list[str] = np.datetime_as_string(time_ms.astype("datetime64[ms]"), unit="us", timezone="UTC").tolist()
    return texts


def metric_plain(definition: MetricDefinition, value: float | None) -> Plain:
    """Return a metric for a file: times as RFC 3339, everything else unchanged."""
    return rfc3339(int(value)) if definition.unit is Unit.TIME and value is not None else value


def metric_text(definition: MetricDefinition, value: float | None) -> str:
    """Return a metric for a reader, with its unit; a dash where it is undefined."""
    if value is None:
        return NOTHING
    match definition.unit:
        case Unit.FRACTION:
            return percent(value)
        case Unit.MONEY:
            return number(value, 2)
        case Unit.RATIO:
            return number(value, 3)
        case Unit.COUNT:
            return f"{value:,.0f}"
        case Unit.SECONDS:
            return duration(value)
        case Unit.TIME:
            return minute(int(value))


def percent(value: float | None) -> str:
    """Write a fraction as a percentage with two decimals."""
    return NOTHING if value is None else f"{number(value * 100, 2)} %"


def number(value: float, decimals: int) -> str:
    """Write a number with thousands separators and a true minus sign; minus nothing is nothing."""
    text = f"{value:,.{decimals}f}"
    if not text.strip("-0.,"):
        return text.lstrip("-")
    return text.replace("-", "\N{MINUS SIGN}")


def duration(seconds: float) -> str:
    """Write a length of time by its two largest units, such as ``3 d 4 h``."""
    units = (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
    left = round(seconds)
    parts: list[str] = []
    for unit, size in units:
        count, left = divmod(left, size)
        if count or (parts and len(parts) < 2):
            parts.append(f"{count} {unit}")
        if len(parts) == 2:
            break
    return " ".join(parts) or f"{seconds:.3f} s"


def minute(time_ms: int) -> str:
    """Write a UTC time to the minute for a reader."""
    return (_EPOCH + timedelta(milliseconds=time_ms)).strftime("%Y-%m-%d %H:%M UTC")


def second(time_ms: int) -> str:
    """Write a UTC time to the second for a table, with milliseconds where it has some."""
    text = (_EPOCH + timedelta(milliseconds=time_ms)).strftime("%Y-%m-%d %H:%M:%S")
    return f"{text}.{time_ms % 1000:03d}" if time_ms % 1000 else text
