"""The journal written out page by page, so that its length does not matter."""

import asyncio
import csv
import io
import tempfile
from collections.abc import AsyncIterator, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import IO, Any, Protocol

import orjson

from edgerunner.domain.events import RecordedEvent
from edgerunner.schemas.ledger import EventAnswer

PAGE = 1_000
"""Events read and encoded at once."""

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_CHUNK_BYTES = 256 * 1024
COLUMNS = tuple(EventAnswer.model_fields)


class Exportable(Protocol):
    """Where the events are read."""

    async def newest_seq(self) -> int:
        """Return the sequence number of the newest event, 0 without events."""
        ...

    async def export(self, after_seq: int, limit: int) -> list[RecordedEvent]:
        """Return at most ``limit`` events after ``after_seq``, oldest first."""
        ...


Pages = AsyncIterator[Sequence[EventAnswer]]


async def open_pages(journal: Exportable, *, after_seq: int, limit: int | None) -> Pages:
    """Return the pages of all events that are recorded by now; the first is read at once.

    So an unreadable journal is an error instead of half an answer.
    """
    pages = _pages(journal, after_seq=after_seq, last_seq=await journal.newest_seq(), limit=limit)
    first = await anext(pages, None) or []

    async def chained() -> Pages:
        yield first
        async for page in pages:
            yield page

    return chained()


async def _pages(journal: Exportable, *, after_seq: int, last_seq: int, limit: int | None) -> Pages:
    left = last_seq if limit is None else limit
    while left > 0 and after_seq < last_seq:
        page = await journal.export(after_seq, min(PAGE, left))
        known = [EventAnswer.of(event) for event in page if event.seq <= last_seq]
        if not known:
            return
        yield known
        after_seq = known[-1].seq
        left -= len(known)


async def export_json(pages: Pages) -> AsyncIterator[bytes]:
    """Yield ``{"events": [...]}``."""
    yield b'{"events":['
    separator = b""
    async for page in pages:
        if page:
            yield separator + b",".join(event.model_dump_json().encode() for event in page)
            separator = b","
    yield b"]}"


async def export_csv(pages: Pages) -> AsyncIterator[bytes]:
    """Yield a header line and a line per event; ``data`` is JSON text, absent is an empty field."""
    yield _csv_lines([COLUMNS])
    async for page in pages:
        yield _csv_lines([_cells(event) for event in page])


def _csv_lines(rows: Sequence[Sequence[object]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _cells(event: EventAnswer) -> list[object]:
    cells = event.model_dump(mode="json")
    cells["data"] = orjson.dumps(event.data).decode()
    return [_as_text(cells[column]) for column in COLUMNS]


def _as_text(cell: object) -> object:
    """Put an apostrophe before a text that a spreadsheet would run as a formula (OWASP, "CSV Injection")."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA_STARTS) else cell


def has_parquet() -> bool:
    """Tell whether Parquet can be written here."""
    return find_spec("pyarrow") is not None


async def export_parquet(pages: Pages) -> AsyncIterator[bytes]:
    """Yield a Parquet file: it is put together in a temporary file, a row group per page."""
    with tempfile.TemporaryFile() as file:
        writer = await asyncio.to_thread(_parquet_writer, file)
        try:
            async for page in pages:
                await asyncio.to_thread(writer.write_batch, _record_batch(page))
        finally:
            await asyncio.to_thread(writer.close)
        file.seek(0)
        while chunk := await asyncio.to_thread(file.read, _CHUNK_BYTES):
            yield chunk


def _parquet_writer(file: IO[bytes]) -> Any:
    parquet = import_module("pyarrow.parquet")  # heavy, and most processes never need it
    return parquet.ParquetWriter(file, _parquet_schema())


def _parquet_schema() -> Any:
    arrow = import_module("pyarrow")
    return arrow.schema([(name, arrow.int64() if name == "seq" else arrow.string()) for name in COLUMNS])


def _record_batch(page: Sequence[EventAnswer]) -> Any:
    arrow = import_module("pyarrow")
    rows = [dict(zip(COLUMNS, _cells(event), strict=True)) for event in page]
    return arrow.RecordBatch.from_pylist(rows, schema=_parquet_schema())
