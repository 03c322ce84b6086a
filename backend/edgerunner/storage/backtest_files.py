"""The files of backtest runs: one folder per run, complete or absent.

    <run_id>/result.json     metrics, assumptions, final equity
    <run_id>/trades.jsonl    one closed trade per line, oldest first
    <run_id>/refusals.json   refused orders by code
    <run_id>/equity.parquet  time_ms, equity
    <run_id>/report.html

A folder is written as ``<run_id>.draft`` and renamed at the end, so that a crash leaves no half result.
"""

import shutil
from collections.abc import Iterable
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from edgerunner.domain.errors import InvalidRequest
from edgerunner.storage.reader import parse_cursor
from edgerunner.storage.values import Page

RESULT, TRADES, EQUITY, REPORT = "result.json", "trades.jsonl", "equity.parquet", "report.html"
REFUSALS = "refusals.json"
DRAFT = ".draft"
_GROUP = 16_384

TradeRow = dict[str, str | int | float | bool | None]


class RunFiles:
    """The folder of all runs; everything blocks, so call it off the loop.

    What is not there is a ``FileNotFoundError``.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def draft(self, run_id: str) -> Path:
        """Return a new, empty folder for a run's files."""
        draft = self.folder / f"{run_id}{DRAFT}"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        return draft

    def publish(self, run_id: str) -> None:
        """Make a draft the run's folder."""
        (self.folder / f"{run_id}{DRAFT}").rename(self.folder / run_id)

    def discard_draft(self, run_id: str) -> None:
        """Delete a draft, if there is one."""
        shutil.rmtree(self.folder / f"{run_id}{DRAFT}", ignore_errors=True)

    def delete(self, run_id: str) -> None:
        """Delete a run's files, if there are any."""
        shutil.rmtree(self.folder / run_id, ignore_errors=True)

    def discard_drafts(self) -> None:
        """Delete every draft: nobody works on one when the program starts."""
        if self.folder.is_dir():
            for draft in self.folder.glob(f"*{DRAFT}"):
                shutil.rmtree(draft, ignore_errors=True)

    def report(self, run_id: str) -> bytes:
        """Return a run's report."""
        return (self.folder / run_id / REPORT).read_bytes()

    def trades(self, run_id: str, *, limit: int, cursor: str | None) -> Page[TradeRow]:
        """Return a page of a run's trades, oldest first; a cursor is a place in the file."""
        path = self.folder / run_id / TRADES
        offset = 0 if cursor is None else parse_cursor(cursor)
        with path.open("rb") as file:
            if offset:
                file.seek(offset - 1)
                if file.read(1) != b"\n":
                    raise InvalidRequest.of("cursor", "unknown_cursor", "is not a cursor of an earlier answer")
            lines = list(islice(file, limit))
            end = offset + sum(map(len, lines))
        items = [msgspec.json.decode(line, type=TradeRow) for line in lines]
        return Page(items=items, next_cursor=str(end) if end < path.stat().st_size else None)

    def refusals(self, run_id: str) -> list[TradeRow]:
        """Return a run's refused orders by code, the most frequent first."""
        return msgspec.json.decode((self.folder / run_id / REFUSALS).read_bytes(), type=list[TradeRow])

    def equity(self, run_id: str, *, limit: int, cursor: str | None) -> Page[tuple[int, float]]:
        """Return a page of (time in ms, equity), oldest first; a cursor is a row number."""
        first = 0 if cursor is None else parse_cursor(cursor)
        with _parquet().ParquetFile(self.folder / run_id / EQUITY) as file:
            count = file.metadata.num_rows
            last = min(first + limit, count)
            if first >= last:
                return Page()
            groups = range(first // _GROUP, (last - 1) // _GROUP + 1)
            rows = file.read_row_groups(list(groups)).slice(first - groups[0] * _GROUP, last - first)
        times, equity = rows["time_ms"].to_pylist(), rows["equity"].to_pylist()
        items = list(zip(times, equity, strict=True))
        return Page(items=items, next_cursor=str(last) if last < count else None)


def write_trades(draft: Path, trades: Iterable[TradeRow]) -> None:
    """Write the trades, oldest first."""
    encoder = msgspec.json.Encoder()
    with (draft / TRADES).open("wb") as file:
        file.writelines(encoder.encode(trade) + b"\n" for trade in trades)


def write_refusals(draft: Path, refusals: list[TradeRow]) -> None:
    """Write the refused orders by code."""
    (draft / REFUSALS).write_bytes(msgspec.json.encode(refusals))


def write_equity(draft: Path, time_ms: NDArray[np.int64], equity: NDArray[np.float64]) -> None:
    """Write the equity curve in groups of rows that ``RunFiles.equity`` counts on."""
    table = import_module("pyarrow").table({"time_ms": time_ms, "equity": equity})
    _parquet().write_table(table, draft / EQUITY, row_group_size=_GROUP)


def _parquet() -> Any:
    return import_module("pyarrow.parquet")  # heavy, and most processes never need it
