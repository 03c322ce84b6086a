"""Text files with one row per line: their header, delimiter and rows, as text cells."""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
from pyarrow import csv as arrow_csv

from edgerunner.storage.market_files.byte_source import ByteSource

_BOM = b"\xef\xbb\xbf"
_DELIMITERS = ",;\t|"
_DATA_CELL = re.compile(r"[\s\d.:/+\-eETZ]*\d[\s\d.:/+\-eETZ]*", re.ASCII)
_METATRADER_MINUTE = re.compile(r"\d{4}\.\d{2}\.\d{2} \d{2}:\d{2}", re.ASCII)
_ANY_BYTES = "latin-1"
"""Has a character for every byte: a row that is no UTF-8 can be named, which Arrow's own reader of rows cannot."""

_BLOCK_BYTES = 4_194_304


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How a text file is laid out.

    Attributes:
        names: Names of its columns; those of Bybit's candle dumps, which have none, are ours.
        skipped_lines: Lines before the first row.
        is_bybit_klines: Whether it has the form of Bybit's ``kline_for_metatrader4`` dumps.
    """

    names: tuple[str, ...]
    delimiter: str
    skipped_lines: int
    is_bybit_klines: bool = False


def layout_of(source: ByteSource) -> Layout:
    """Read the header of a text file. Raises ``BadData``."""
    number, line = _first_line(source)
    delimiter = max(_DELIMITERS, key=lambda character: len(_cells(line, character)))
    cells = _cells(line, delimiter)
    if all(_DATA_CELL.fullmatch(cell) for cell in cells):
        return _without_header(cells, delimiter, number, source)
    return Layout(names=tuple(cells), delimiter=delimiter, skipped_lines=number + 1)


def read_cells(source: ByteSource, layout: Layout, wanted: Sequence[str]) -> pa.Table:
    """Return the ``wanted`` columns of all rows as text. Raises ``BadData`` that names the row."""
    try:
        with source.opened() as stream:
            table = _read(stream, layout, wanted, kind=pa.string())
    except pa.ArrowInvalid as error:
        raise _explained(source, layout, wanted, str(error)) from None
    if table.num_rows == 0:
        raise source.bad("has a header and no rows", remedy="give a file with rows", code="empty")
    if table.num_rows > source.limits.rows:
        raise source.too_many_rows(table.num_rows)
    return table


def _first_line(source: ByteSource) -> tuple[int, str]:
    """Return the first line that is not blank and how many stand before it."""
    head = source.head().removeprefix(_BOM)
    if b"\x00" in head:
        raise source.bad("is no text", remedy="give CSV (UTF-8) or Parquet", code="file_type")
    header = head.splitlines()
    if len(header) <= 1 and len(head) > 60_000:
        raise source.bad("its first line is longer than 60000 bytes", remedy="give CSV or Parquet", code="file_type")
    number = next((number for number, line in enumerate(header) if line.strip()), None)
    if number is None:
        raise source.bad("is empty", remedy="give a file with a header and rows", code="empty")
    try:
        return number, header[number].decode()
    except UnicodeDecodeError:
        raise source.bad("is no UTF-8 text", remedy="save it as UTF-8", code="encoding") from None


def _cells(line: str, delimiter: str) -> list[str]:
    return next(csv.reader(io.StringIO(line), delimiter=delimiter), [])


def _without_header(cells: list[str], delimiter: str, number: int, source: ByteSource) -> Layout:
    if len(cells) == 6 and _METATRADER_MINUTE.fullmatch(cells[0]):
        names = ("time", "open", "high", "low", "close", "volume")
        return Layout(names=names, delimiter=delimiter, skipped_lines=number, is_bybit_klines=True)
    remedy = "add a first line that names the columns, such as time,open,high,low,close,volume"
    raise source.bad("has no header line", remedy=remedy, code="missing_header")


def _read(
    stream: object,
    layout: Layout,
    wanted: Sequence[str],
    *,
    kind: pa.DataType,
    on_bad_row: "_Refusal | None" = None,
) -> pa.Table:
    return arrow_csv.read_csv(
        stream,
        read_options=arrow_csv.ReadOptions(
            column_names=list(layout.names),
            skip_rows=layout.skipped_lines,
            block_size=_BLOCK_BYTES,
            use_threads=on_bad_row is None,
            encoding="utf8" if on_bad_row is None else _ANY_BYTES,
        ),
        parse_options=arrow_csv.ParseOptions(delimiter=layout.delimiter, invalid_row_handler=on_bad_row),
        convert_options=arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(wanted, kind), include_columns=list(wanted), strings_can_be_null=False
        ),
    )


def _as_given(text: str) -> bytes:
    """Return the bytes of a text that was read as ``_ANY_BYTES``."""
    return text.encode(_ANY_BYTES)


class _Refusal:
    """Remembers the first row with another number of cells than the header."""

    def __init__(self) -> None:
        self.row: arrow_csv.InvalidRow | None = None

    def __call__(self, row: arrow_csv.InvalidRow) -> str:
        self.row = self.row or row
        return "error"


def _explained(source: ByteSource, layout: Layout, wanted: Sequence[str], text: str) -> Exception:
    """Read once more, slowly, to name the row of an error."""
    refusal = _Refusal()
    try:
        with source.opened() as stream:
            table = _read(stream, layout, wanted, kind=pa.binary(), on_bad_row=refusal)
    except pa.ArrowInvalid:
        return _bad_row(source, layout, refusal.row, text)
    for name in wanted:
        for row, cell in enumerate(table[name].to_pylist(), start=1):
            try:
                _as_given(cell.decode()).decode()
            except UnicodeDecodeError:
                return source.bad("is no UTF-8 text", remedy="save it as UTF-8", code="encoding", field=name, row=row)
    return source.bad(f"cannot be read ({text})", remedy="look at the file in a text editor", code="csv")


def _bad_row(source: ByteSource, layout: Layout, row: arrow_csv.InvalidRow | None, text: str) -> Exception:
    if row is None:
        return source.bad(f"cannot be read ({text})", remedy="look at the file in a text editor", code="csv")
    number = None if row.number is None else row.number - layout.skipped_lines
    text = _as_given(row.text)[:80].decode(errors="replace")
    return source.bad(
        f"has {row.actual_columns} cells, the header has {row.expected_columns} ({text!r})",
        remedy="check the delimiter, and put quotes around cells that hold it",
        code="cells",
        row=number,
    )
