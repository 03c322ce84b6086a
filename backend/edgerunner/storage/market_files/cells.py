"""Cells of a table as numbers; what is none is named by row and column."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from edgerunner.backtest.columns import Fault, Floats, Mask

MOST_BAD_CELLS = 10_000
"""Wrong cells of one column after which the rest is not looked at: the column is something else."""

_EMPTY_WORDS = pa.array(["", "nan", "NaN", "NAN", "null", "NULL", "None", "NA", "N/A"])
_NUMERIC_REMEDY = "write plain numbers with a decimal point and without thousands separators"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """A column as floats (empty = NaN) and what is wrong with it."""

    values: Floats
    faults: tuple[Fault, ...] = ()


def is_text(kind: pa.DataType) -> bool:
    """Tell whether a column holds text."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column without dictionary encoding, and text in Arrow's usual form."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    return column.cast(pa.string()) if is_text(column.type) else column


def numbers(column: pa.ChunkedArray, field: str) -> Cells:
    """Return a column as floats; a column of another kind than text or numbers is one fault on all rows."""
    column = plain(column)
    if is_text(column.type):
        return _numbers_of_text(column, field)
    is_number = (
        pa.types.is_integer(column.type) or pa.types.is_floating(column.type) or pa.types.is_decimal(column.type)
    )
    if not is_number:
        everything = np.ones(len(column), dtype=np.bool_)
        fault = Fault(field=field, code="type", reason=f"holds {column.type}", remedy="give numbers", rows=everything)
        return Cells(values=np.full(len(column), np.nan), faults=(fault,))
    return Cells(values=_floats(pc.cast(column, pa.float64(), safe=False)))


def failing_rows(column: pa.ChunkedArray, convert: Callable[[pa.ChunkedArray], object]) -> Mask:
    """Return which rows ``convert`` refuses, found by halving; at most ``MOST_BAD_CELLS`` and the rest of the last."""
    rows = np.zeros(len(column), dtype=np.bool_)
    pending = [(0, len(column))]
    found = 0
    while pending and found < MOST_BAD_CELLS:
        start, end = pending.pop()
        if _accepts(convert, column.slice(start, end - start)):
            continue
        if end - start == 1:
            rows[start] = True
            found += 1
        else:
            middle = (start + end) // 2
            pending += [(middle, end), (start, middle)]
    for start, end in pending:
        rows[start:end] = True
    return rows


def shown(column: pa.ChunkedArray, rows: Mask) -> str:
    """Return the first marked cell as a person would quote it."""
    text = str(column[int(np.argmax(rows))].as_py())
    return repr(text if len(text) <= 40 else f"{text[:40]}...")


def _numbers_of_text(column: pa.ChunkedArray, field: str) -> Cells:
    column = pc.if_else(
        pc.is_in(column, value_set=_EMPTY_WORDS.cast(column.type)), pa.scalar(None, column.type), column
    )
    try:
        return Cells(values=_floats(_to_float(column)))
    except pa.ArrowInvalid:
        column = pc.utf8_trim_whitespace(column)
    rows = failing_rows(column, _to_float)
    if not rows.any():
        return Cells(values=_floats(_to_float(column)))
    reason = f"is {shown(column, rows)}, no number"
    fault = Fault(field=field, code="not_a_number", reason=reason, remedy=_NUMERIC_REMEDY, rows=rows)
    readable = pc.if_else(pa.array(~rows), column, pa.scalar(None, column.type))
    return Cells(values=_floats(_to_float(readable)), faults=(fault,))


def _to_float(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.cast(column, pa.float64())


def _floats(column: pa.ChunkedArray) -> Floats:
    values: Floats = pc.fill_null(column, float("nan")).to_numpy().astype(np.float64, copy=False)
    return values


def _accepts(convert: Callable[[pa.ChunkedArray], object], part: pa.ChunkedArray) -> bool:
    try:
        convert(part)
    except pa.ArrowInvalid:
        return False
    return True
