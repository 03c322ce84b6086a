"""Datasets of the running product: uploads, downloads from connections, the catalogue."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Protocol, TypeVar

from edgerunner.domain.errors import Conflict, InvalidRequest
from edgerunner.domain.instruments import Instrument
from edgerunner.domain.market import Timeframe
from edgerunner.services.clock import Clock
from edgerunner.services.dataset_import import ImportRequest, import_file, new_dataset_id
from edgerunner.services.ending import end_task
from edgerunner.services.history_download import History, HistoryDownload, Source, changed_download
from edgerunner.storage.catalogue import Catalogue
from edgerunner.storage.datasets import FOLDER, Dataset, Download, DownloadState, Origin
from edgerunner.storage.market_files.byte_source import DEFAULT_LIMITS, Limits
from edgerunner.storage.market_files.column_names import Kind

Answer = TypeVar("Answer")

MOST_IMPORTS = 2
MOST_DOWNLOADS = 2
MOST_QUEUED = 100
_UNFINISHED = frozenset({DownloadState.QUEUED, DownloadState.RUNNING})
_CLOSED_AGE_MS = 5_000
"""How long after its end a bar is taken for complete by everybody."""


class Markets(History, Protocol):
    """What downloads need of the market data."""

    async def instruments(
        self, connection_id: str, *, query: str | None = None, instrument_id: str | None = None
    ) -> Sequence[Instrument]:
        """Return the instrument with an id; raises ``NotFound``, ``NotConnected``."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadRequest:
    """Which bars to fetch: those that open in [start, end); ``end_ms`` None = until now."""

    connection_id: str
    instrument_id: str
    timeframe: Timeframe
    start_ms: int
    end_ms: int | None = None
    name: str | None = None


class DatasetService:
    """Owns the catalogue below the data folder; ``start`` and ``stop`` bound its downloads."""

    def __init__(self, *, data_dir: Path, markets: Markets, clock: Clock, limits: Limits = DEFAULT_LIMITS) -> None:
        self.catalogue = Catalogue(data_dir / FOLDER)
        self.limits = limits
        self._markets = markets
        self._clock = clock
        self._imports = asyncio.Semaphore(MOST_IMPORTS)
        self._slots = asyncio.Semaphore(MOST_DOWNLOADS)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        # One thread, so that changes of a dataset never overlap, not even with one whose waiter was canceled.
        self._writer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="datasets")

    async def start(self) -> None:
        """Go on with the downloads that a stop or a crash interrupted."""
        await asyncio.to_thread(self.catalogue.sweep, self._clock.now_ns() / 1e9)
        for dataset in await self.list():
            if dataset.download is not None and dataset.download.state in _UNFINISHED:
                self._run(dataset)

    async def stop(self) -> None:
        """End the downloads; the next start goes on with them."""
        for dataset_id in list(self._tasks):
            await self._end(dataset_id)
        await asyncio.to_thread(self._writer.shutdown)

    async def list(self, *, before: str | None = None, limit: int | None = None) -> list[Dataset]:
        """Return at most ``limit`` datasets, newest first; with ``before`` those older than that id."""
        return await asyncio.to_thread(self.catalogue.list, before=before, limit=limit)

    async def get(self, dataset_id: str) -> Dataset:
        """Return one dataset. Raises ``NotFound``."""
        return await asyncio.to_thread(self.catalogue.get, dataset_id)

    async def import_file(self, file: BinaryIO, request: ImportRequest) -> Dataset:
        """Store an uploaded file as a dataset; two at a time, others wait. Raises what ``import_file`` does."""
        async with self._imports:
            return await asyncio.to_thread(
                import_file, self.catalogue, file, request, now_ms=self._now_ms(), limits=self.limits
            )

    async def delete(self, dataset_id: str) -> Dataset:
        """Remove a dataset, its download first, and return what it was. Raises ``NotFound``."""
        await self._end(dataset_id)
        return await self._on_disk(lambda: self.catalogue.delete(dataset_id))

    async def download(self, request: DownloadRequest) -> Dataset:
        """Start a download, or go on with an unfinished one of the same bars and start.

        Raises ``InvalidRequest``, ``NotFound``, ``NotConnected``, ``Unsupported``, ``Conflict`` (too many).
        """
        window = self._window(request)
        await self._require_served(request, window)
        known = next((dataset for dataset in await self.list() if _is_continued(dataset, request, window)), None)
        if known is not None and known.dataset_id in self._tasks:
            return known
        if len(self._tasks) >= MOST_QUEUED:
            raise Conflict(f"there are {MOST_QUEUED} downloads already: wait, or cancel some")
        if known is None:
            dataset = await self._on_disk(lambda: self.catalogue.create(self._new(request, window)))
        else:
            dataset = await self._change(known.dataset_id, lambda old: _continued(old, window.end_ms))
        self._run(dataset)
        return dataset

    async def cancel_download(self, dataset_id: str) -> Dataset:
        """Stop a download and keep what it stored. Raises ``NotFound``, ``Conflict`` when none is running."""
        dataset = await self.get(dataset_id)
        if dataset.download is None or dataset.download.state not in _UNFINISHED:
            raise Conflict(f"dataset {dataset_id} is not being downloaded")
        await self._end(dataset_id)
        return await self._change(dataset_id, _canceled)

    def _window(self, request: DownloadRequest) -> Download:
        """Return the interval on the bars' grid, without the bar that still grows."""
        length_ms = request.timeframe.length_ns // 1_000_000
        now_ms = self._now_ms() - _CLOSED_AGE_MS
        end_ms = min(now_ms if request.end_ms is None else request.end_ms, now_ms)
        start_ms = -(-request.start_ms // length_ms) * length_ms
        end_ms -= end_ms % length_ms
        if start_ms >= end_ms:
            raise InvalidRequest.of("start", "empty_interval", "leaves no closed bar before the end; start earlier")
        if (end_ms - start_ms) // length_ms > self.limits.rows:
            raise InvalidRequest.of("start", "too_many_rows", f"is more than {self.limits.rows} bars ago; start later")
        return Download(state=DownloadState.QUEUED, start_ms=start_ms, end_ms=end_ms, cursor_ms=start_ms)

    async def _require_served(self, request: DownloadRequest, window: Download) -> None:
        await self._markets.instruments(request.connection_id, instrument_id=request.instrument_id)
        await self._markets.ohlc(
            request.connection_id,
            request.instrument_id,
            request.timeframe,
            end_ns=window.end_ms * 1_000_000,
            limit=1,
        )

    def _new(self, request: DownloadRequest, window: Download) -> Dataset:
        now_ms = self._now_ms()
        return Dataset(
            dataset_id=new_dataset_id(now_ms),
            name=request.name or f"{request.instrument_id} {request.timeframe}",
            kind=Kind.BARS,
            instrument_id=request.instrument_id,
            timeframe=request.timeframe,
            origin=Origin(connection_id=request.connection_id),
            created_ms=now_ms,
            download=window,
        )

    def _run(self, dataset: Dataset) -> None:
        dataset_id = dataset.dataset_id
        task = asyncio.create_task(self._fetch(dataset), name=f"download-{dataset_id}")
        self._tasks[dataset_id] = task
        task.add_done_callback(lambda done: self._forget(dataset_id, done))

    async def _fetch(self, dataset: Dataset) -> None:
        if dataset.timeframe is None or dataset.origin.connection_id is None:
            raise ValueError(f"dataset {dataset.dataset_id} was not downloaded")
        source = Source(
            connection_id=dataset.origin.connection_id,
            instrument_id=dataset.instrument_id,
            timeframe=dataset.timeframe,
        )
        job = HistoryDownload(source=source, history=self._markets, catalogue=self.catalogue, disk=self._on_disk)
        async with self._slots:
            await job.run(dataset.dataset_id)

    def _forget(self, dataset_id: str, task: "asyncio.Task[None]") -> None:
        if self._tasks.get(dataset_id) is task:
            del self._tasks[dataset_id]

    async def _end(self, dataset_id: str) -> None:
        task = self._tasks.pop(dataset_id, None)
        await end_task(task)

    async def _change(self, dataset_id: str, change: Callable[[Download], Download]) -> Dataset:
        return await self._on_disk(lambda: changed_download(self.catalogue, dataset_id, change))

    async def _on_disk(self, change: Callable[[], Answer]) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(self._writer, change)

    def _now_ms(self) -> int:
        return self._clock.now_ns() // 1_000_000


def _is_continued(dataset: Dataset, request: DownloadRequest, window: Download) -> bool:
    """Tell whether a dataset is an unfinished download of the same bars from the same start."""
    download = dataset.download
    return (
        download is not None
        and download.state is not DownloadState.COMPLETED
        and download.start_ms == window.start_ms
        and dataset.origin.connection_id == request.connection_id
        and dataset.instrument_id == request.instrument_id
        and dataset.timeframe is request.timeframe
    )


def _continued(download: Download, end_ms: int) -> Download:
    return replace(download, state=DownloadState.QUEUED, end_ms=max(download.cursor_ms, end_ms), error=None)


def _canceled(download: Download) -> Download:
    return replace(download, state=DownloadState.CANCELED)
