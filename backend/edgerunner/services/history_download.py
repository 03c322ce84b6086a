"""History of a connection as a dataset: fetched in pages, stored as it comes, continued where it stopped.

A page is a window of time, so pages join without gap or overlap; only bars that are complete are stored. What
is stored and how far it reaches change in one step, so a killed process continues from there.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Protocol

import structlog

from edgerunner.backtest.columns import BarColumns, bar_columns
from edgerunner.domain.errors import BrokerError, BrokerTimeout, EdgerunnerError, NotFound
from edgerunner.domain.market import Bar, Timeframe
from edgerunner.services.dataset_import import inspected
from edgerunner.storage.catalogue import Catalogue
from edgerunner.storage.datasets import Dataset, Download, DownloadState

_log = structlog.get_logger(__name__)

BARS_PER_PAGE = 1_000
PAGES_PER_PART = 20
"""Pages fetched between two writes: at most so much is fetched again after a crash."""

PAGE_TIMEOUT_S = 60.0
PAUSE_S = 0.1
"""Between pages, so that a download leaves most of a broker's rate limit to trading."""

BACK_OFF_S = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 60.0, 60.0, 60.0)
"""Waits before a page is asked for again; a connection that is away for 5 minutes fails the download."""


class History(Protocol):
    """Where bars come from."""

    async def ohlc(
        self,
        connection_id: str,
        instrument_id: str,
        timeframe: Timeframe,
        *,
        start_ns: int | None = None,
        end_ns: int | None = None,
        limit: int = 500,
    ) -> Sequence[Bar]:
        """Return the newest ``limit`` bars that open in [start, end), oldest first."""
        ...


Disk = Callable[[Callable[[], Dataset]], Awaitable[Dataset]]
"""Runs a blocking change of a dataset, one after the other, off the event loop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What a download asks for."""

    connection_id: str
    instrument_id: str
    timeframe: Timeframe

    @property
    def length_ms(self) -> int:
        """Return a bar's length in milliseconds."""
        return self.timeframe.length_ns // 1_000_000


class HistoryDownload:
    """One download, run until its end, a final failure or cancellation."""

    def __init__(
        self,
        *,
        source: Source,
        history: History,
        catalogue: Catalogue,
        disk: Disk,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._source = source
        self._history = history
        self._catalogue = catalogue
        self._disk = disk
        self._pause = pause

    async def run(self, dataset_id: str) -> None:
        """Fetch what is missing; a failure is recorded with the dataset and not raised."""
        try:
            dataset = await self._changed(dataset_id, lambda download: replace(download, state=DownloadState.RUNNING))
            while (download := _download_of(dataset)).cursor_ms < download.end_ms:
                dataset = await self._advance(dataset_id, download)
            await self._disk(lambda: self._completed(dataset_id))
        except (EdgerunnerError, OSError) as error:
            await self._failed(dataset_id, error.detail if isinstance(error, EdgerunnerError) else str(error))

    async def _failed(self, dataset_id: str, reason: str) -> None:
        _log.warning("history_download_failed", dataset_id=dataset_id, reason=reason)
        with suppress(NotFound):  # deleted meanwhile
            await self._changed(
                dataset_id, lambda download: replace(download, state=DownloadState.FAILED, error=reason)
            )

    async def _advance(self, dataset_id: str, download: Download) -> Dataset:
        """Fetch some pages and store them with the place they reach."""
        bars: list[Bar] = []
        reached = download
        for _ in range(PAGES_PER_PART):
            page_end_ms = min(reached.cursor_ms + BARS_PER_PAGE * self._source.length_ms, reached.end_ms)
            page = await self._page(reached.cursor_ms, page_end_ms)
            bars += [bar for bar in page if bar.is_complete]
            reached = _reached(reached, page, page_end_ms)
            if reached.cursor_ms >= reached.end_ms:
                break
            await self._pause(PAUSE_S)
        columns = columns_of_bars(bars, source=self._source.instrument_id) if bars else None
        return await self._disk(lambda: self._stored(dataset_id, columns, reached))

    async def _page(self, start_ms: int, end_ms: int) -> Sequence[Bar]:
        """Return the bars of a window, asking again while the connection is away or busy."""
        for wait_s in BACK_OFF_S:
            try:
                return await self._asked(start_ms, end_ms)
            except BrokerError as error:
                _log.info("history_page_delayed", instrument_id=self._source.instrument_id, reason=error.detail)
            await self._pause(wait_s)
        return await self._asked(start_ms, end_ms)

    async def _asked(self, start_ms: int, end_ms: int) -> Sequence[Bar]:
        try:
            async with asyncio.timeout(PAGE_TIMEOUT_S):
                return await self._history.ohlc(
                    self._source.connection_id,
                    self._source.instrument_id,
                    self._source.timeframe,
                    start_ns=start_ms * 1_000_000,
                    end_ns=end_ms * 1_000_000,
                    limit=BARS_PER_PAGE,
                )
        except TimeoutError:
            raise BrokerTimeout(f"{self._source.connection_id} sent no bars within {PAGE_TIMEOUT_S:g} s") from None

    async def _changed(self, dataset_id: str, change: Callable[[Download], Download]) -> Dataset:
        return await self._disk(lambda: changed_download(self._catalogue, dataset_id, change))

    def _stored(self, dataset_id: str, columns: BarColumns | None, download: Download) -> Dataset:
        dataset = replace(self._catalogue.get(dataset_id), download=download)
        if columns is not None:
            return self._catalogue.append(dataset, columns)
        self._catalogue.save(dataset)
        return dataset

    def _completed(self, dataset_id: str) -> Dataset:
        dataset = self._catalogue.get(dataset_id)
        download = replace(_download_of(dataset), state=DownloadState.COMPLETED, error=None)
        checks = inspected(self._catalogue.read(dataset_id), dataset.timeframe) if dataset.rows else None
        completed = replace(dataset, download=download, checks=checks)
        self._catalogue.save(completed)
        return completed


def changed_download(catalogue: Catalogue, dataset_id: str, change: Callable[[Download], Download]) -> Dataset:
    """Change the state of a dataset's download. Raises ``NotFound``."""
    dataset = catalogue.get(dataset_id)
    changed = replace(dataset, download=change(_download_of(dataset)))
    catalogue.save(changed)
    return changed


def columns_of_bars(bars: Sequence[Bar], *, source: str) -> BarColumns:
    """Return a broker's bars as columns. Raises ``BadData`` when they make no sense."""
    return bar_columns(
        {
            "time": [bar.open_ns // 1_000_000 for bar in bars],
            "open": [float(bar.open) for bar in bars],
            "high": [float(bar.high) for bar in bars],
            "low": [float(bar.low) for bar in bars],
            "close": [float(bar.close) for bar in bars],
            "volume": [float(bar.volume) for bar in bars],
        },
        source=source,
    )


def _reached(download: Download, page: Sequence[Bar], page_end_ms: int) -> Download:
    """Return how far a page leads; a bar that still grows is where the download ends."""
    growing = next((bar.open_ns // 1_000_000 for bar in page if not bar.is_complete), None)
    if growing is None:
        return replace(download, cursor_ms=page_end_ms)
    return replace(download, cursor_ms=growing, end_ms=growing)


def _download_of(dataset: Dataset) -> Download:
    if dataset.download is None:
        raise ValueError(f"dataset {dataset.dataset_id} was not downloaded")
    return dataset.download
