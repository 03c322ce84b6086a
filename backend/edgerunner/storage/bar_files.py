"""Market data from files and data frames: told by content, read strictly, never mended unasked."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import parquet

from edgerunner.backtest.columns import BarColumns, Fault, TickColumns
from edgerunner.storage.market_files.byte_source import DEFAULT_LIMITS, ByteSource, Limits
from edgerunner.storage.market_files.cells import numbers, plain
from edgerunner.storage.market_files.column_names import Columns, Kind, recognised
from edgerunner.storage.market_files.csv_files import Layout, layout_of, read_cells
from edgerunner.storage.market_files.times import ClockRule, read_times
from edgerunner.storage.repairs import Arrays, Repair, checked

__all__ = ["FileFormat", "Limits", "MarketFile", "Repair", "columns_of_frame", "read_bars", "read_market_file"]

BYBIT_KLINE_ZONE = "Etc/GMT-3"
"""Bybit states UTC+3 for its ``kline_for_metatrader4`` dumps, all year round."""

_SYMBOL_NAMES = frozenset({"symbol", "ticker", "instrument", "instrument_id"})
_BYBIT_TRADE_COLUMNS = frozenset({"tickDirection", "trdMatchID"})
_BYBIT_SPOT_COLUMNS = ("id", "timestamp", "price", "volume", "side")


class FileFormat(StrEnum):
    """What a file turned out to be."""

    CSV = "csv"
    MT5 = "mt5"
    BYBIT = "bybit"
    PARQUET = "parquet"
    FRAME = "frame"


class ArrowFrame(Protocol):
    """A data frame of any library that hands over Arrow memory (pandas, Polars, pyarrow...)."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """Return the frame as an Arrow stream capsule."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketFile:
    """A file's contents and how they were read.

    Attributes:
        notes: How the file was understood, a sentence each: time unit, time zone, units, left-out columns.
        repaired: What the repairs asked for did -> number of rows.
    """

    kind: Kind
    columns: BarColumns | TickColumns
    format: FileFormat
    notes: tuple[str, ...]
    repaired: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    """Cells of a file with their columns named."""

    cells: pa.Table
    columns: Columns
    format: FileFormat


def read_bars(
    file: Path | str | BinaryIO,
    *,
    format: str | None = None,  # noqa: A002 - the word of the contract
    timezone: str | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> BarColumns:
    """Return the bars of a CSV (plain, MetaTrader 5 or Bybit; may be gzipped) or Parquet file.

    ``timezone`` is the IANA name of the clock behind times that name no offset: UTC when not given,
    and required for MetaTrader 5 exports, which show the trade server's clock. Raises ``BadData``.
    """
    found = read_market_file(file, format=format, timezone=timezone, limits=limits)
    return _bars(found.columns, "the file")


def columns_of_frame(frame: ArrowFrame, *, timezone: str | None = None, source: str = "the data frame") -> BarColumns:
    """Return the bars of a pandas, Polars or Arrow frame; its index may be the time. Raises ``BadData``."""
    origin = ByteSource(Path(), name=source)
    cells = pa.table(frame)
    if cells.num_rows == 0:
        raise origin.bad("has no rows", remedy="give at least one", code="empty")
    table = _Table(cells=cells, columns=recognised(cells.column_names, origin), format=FileFormat.FRAME)
    return _bars(_read(table, origin, timezone, frozenset()).columns, source)


def read_market_file(
    file: Path | str | BinaryIO,
    *,
    name: str | None = None,
    format: str | None = None,  # noqa: A002 - the word of the contract
    timezone: str | None = None,
    repairs: Collection[Repair] = frozenset(),
    limits: Limits = DEFAULT_LIMITS,
) -> MarketFile:
    """Return bars or ticks of a file with how they were read; ``name`` stands for it in errors.

    ``format`` (``csv mt5 bybit parquet``) is told by the content; when given it must agree. A bad row
    is an error unless a repair for it is asked for. Raises ``BadData``.
    """
    source = _source(file, name, limits)
    table = _parquet(source) if source.is_parquet() else _text(source)
    if format is not None and format != table.format:
        remedy = f"leave the format out, or give {table.format.value}"
        raise source.bad(f"is {table.format.value}, not {format}", remedy=remedy, code="format", field="format")
    return _read(table, source, timezone, repairs)


def _source(file: Path | str | BinaryIO, name: str | None, limits: Limits) -> ByteSource:
    if isinstance(file, str | Path):
        return ByteSource(Path(file), name=name or Path(file).name, limits=limits)
    return ByteSource(file, name=name or "the file", limits=limits)


def _parquet(source: ByteSource) -> _Table:
    with source.raw() as raw:
        try:
            file = parquet.ParquetFile(raw)
            columns = recognised(file.schema_arrow.names, source)
            _require_size(file.metadata, source)
            wanted = [*columns.by_field.values(), *([columns.clock] if columns.clock else [])]
            cells = file.read(columns=wanted)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
            reason = f"is no readable Parquet file ({str(error).splitlines()[0]})"
            raise source.bad(reason, remedy="write or download it again", code="parquet") from None
    return _Table(cells=cells, columns=columns, format=FileFormat.PARQUET)


def _require_size(metadata: parquet.FileMetaData, source: ByteSource) -> None:
    """Refuse by the file's own account, before anything is unpacked."""
    if metadata.num_rows == 0:
        raise source.bad("has no rows", remedy="give a file with rows", code="empty")
    if metadata.num_rows > source.limits.rows:
        raise source.too_many_rows(metadata.num_rows)
    unpacked = sum(metadata.row_group(group).total_byte_size for group in range(metadata.num_row_groups))
    if unpacked > source.limits.unpacked_bytes:
        raise source.too_large(source.limits.unpacked_bytes, "an unpacked file")


def _text(source: ByteSource) -> _Table:
    layout = layout_of(source)
    columns = recognised(layout.names, source)
    symbols = [name for name in columns.ignored if name.strip().strip("<>").lower() in _SYMBOL_NAMES]
    wanted = [*columns.by_field.values(), *([columns.clock] if columns.clock else []), *symbols]
    cells = read_cells(source, layout, wanted)
    for name in symbols:
        _require_one_symbol(cells[name], name, source)
    return _Table(cells=cells, columns=columns, format=_format(layout))


def _format(layout: Layout) -> FileFormat:
    if all(name.startswith("<") for name in layout.names):
        return FileFormat.MT5
    is_trades = set(layout.names) >= _BYBIT_TRADE_COLUMNS or layout.names[:5] == _BYBIT_SPOT_COLUMNS
    return FileFormat.BYBIT if is_trades or layout.is_bybit_klines else FileFormat.CSV


def _require_one_symbol(column: pa.ChunkedArray, name: str, source: ByteSource) -> None:
    symbols = pc.unique(column).to_pylist()
    if len(symbols) > 1:
        row = int(np.argmax(pc.not_equal(column, column[0]).to_numpy())) + 1
        reason = f"there are {len(symbols)} instruments ({symbols[0]!r}, {symbols[1]!r}...)"
        remedy = "import one instrument at a time"
        raise source.bad(reason, remedy=remedy, code="several_symbols", field=name, row=row)


def _read(table: _Table, source: ByteSource, timezone: str | None, repairs: Collection[Repair]) -> MarketFile:
    columns, is_bars = table.columns, table.columns.kind is Kind.BARS
    rule = ClockRule(zone=timezone, default_zone=_default_zone(table), may_repeat=not is_bars)
    times = read_times(_time_cells(table), source, rule, field="time")
    arrays: Arrays = {"time": times.time_ms}
    faults: list[Fault] = list(times.faults)
    notes = [*times.notes]
    for name, column in columns.by_field.items():
        if name != "time":
            found = numbers(table.cells[column], name)
            arrays[name] = found.values
            faults += found.faults
    notes += _completed(arrays, table) if is_bars else _carried_on(arrays, table)
    if columns.ignored:
        notes.append(f"not used: {', '.join(columns.ignored)}")
    done = checked(arrays, faults, is_bars=is_bars, repairs=repairs, source=source)
    return MarketFile(
        kind=columns.kind,
        columns=done.columns,
        format=table.format,
        notes=tuple(notes),
        repaired=dict(done.repaired),
    )


def _default_zone(table: _Table) -> str | None:
    if table.format is FileFormat.MT5:
        return None
    is_klines = table.format is FileFormat.BYBIT and table.columns.kind is Kind.BARS
    return BYBIT_KLINE_ZONE if is_klines else "UTC"


def _time_cells(table: _Table) -> pa.ChunkedArray:
    day = plain(table.cells[table.columns.by_field["time"]])
    if table.columns.clock is None:
        return day
    clock = plain(table.cells[table.columns.clock])
    return pc.binary_join_element_wise(pc.cast(day, pa.string()), pc.cast(clock, pa.string()), " ")


def _completed(arrays: Arrays, table: _Table) -> list[str]:
    """Fill in what a format leaves out or counts in its own unit; returns how."""
    notes = []
    if "volume" not in arrays:
        arrays["volume"] = np.zeros(len(arrays["time"]))
        notes.append("there is no volume column: volume is 0")
    if table.format is FileFormat.MT5:
        notes.append(f"volume is {table.columns.by_field.get('volume', 'unknown')}")
        if "spread" in arrays:
            digits = _decimals(table.cells[table.columns.by_field["close"]])
            points = np.asarray(arrays["spread"], dtype=np.float64)
            arrays["spread"] = np.asarray(np.round(points * 10.0**-digits, digits))
            notes.append(f"spread in points of {10.0**-digits:.{digits}f} became price units")
    return notes


def _carried_on(arrays: Arrays, table: _Table) -> list[str]:
    """Repeat the side of a quote that a MetaTrader export leaves empty because it did not change."""
    if table.format is not FileFormat.MT5:
        return []
    for name in ("bid", "ask"):
        known = ~np.isnan(np.asarray(arrays[name], dtype=np.float64))
        newest = np.maximum.accumulate(np.where(known, np.arange(len(known)), 0))
        arrays[name] = arrays[name][newest]
    return ["an empty bid or ask is the one before: MetaTrader writes what changed"]


def _decimals(prices: pa.ChunkedArray) -> int:
    """Return how many decimals prices are written with: MetaTrader prints all digits of the symbol."""
    fractions = pc.replace_substring_regex(prices, r"^[^.]*\.?", "")
    return int(pc.max(pc.utf8_length(fractions)).as_py())


def _bars(columns: BarColumns | TickColumns, source: str) -> BarColumns:
    if isinstance(columns, TickColumns):
        origin = ByteSource(Path(), name=source)
        raise origin.bad("holds ticks, no bars", remedy="give bars with open, high, low, close", code="kind")
    return columns
