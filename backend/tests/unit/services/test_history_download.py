"""Downloads: pages without gaps, only complete bars, going on after failures, cancels and restarts."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from edgerunner.domain.errors import BrokerTimeout, Conflict, InvalidRequest, NotFound, Unsupported
from edgerunner.domain.instruments import Instrument
from edgerunner.domain.market import Bar, Timeframe
from edgerunner.services import history_download
from edgerunner.services.dataset_service import DatasetService, DownloadRequest
from edgerunner.storage.datasets import Dataset, DownloadState
from tests.fakes.clock import START_NS, FakeClock
from tests.waiting import until

MINUTE_NS = 60_000_000_000
NOW_MS = START_NS // 1_000_000
FIRST_MS = NOW_MS - NOW_MS % 60_000 - 10_000 * 60_000


class FakeHistory:
    """A market with a bar each minute, except where ``absent``; the bar of now still grows."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.asked: list[tuple[int, int]] = []
        self.failures: list[Exception] = []
        self.absent: Callable[[int], bool] = lambda _: False
        self.gate = asyncio.Event()
        self.gate.set()
        self.closes_after_ns = MINUTE_NS

    async def instruments(
        self, connection_id: str, *, query: str | None = None, instrument_id: str | None = None
    ) -> Sequence[Instrument]:
        if instrument_id == "UNKNOWN.FAKE":
            raise NotFound("there is no such instrument")
        return ()

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
        if timeframe is Timeframe.S1:
            raise Unsupported("bars of 1s are not served")
        if start_ns is None or end_ns is None:
            return ()
        await self.gate.wait()
        if self.failures:
            raise self.failures.pop(0)
        self.asked.append((start_ns, end_ns))
        opens = range(-(-start_ns // MINUTE_NS) * MINUTE_NS, end_ns, MINUTE_NS)
        return [self._bar(open_ns) for open_ns in opens if not self.absent(open_ns // 1_000_000)][-limit:]

    def _bar(self, open_ns: int) -> Bar:
        price = Decimal(100 + open_ns // MINUTE_NS % 50)
        is_complete = open_ns + self.closes_after_ns <= self._clock.now_ns()
        return Bar(
            open_ns=open_ns, open=price, high=price, low=price, close=price, volume=Decimal(1), is_complete=is_complete
        )


class World:
    """A market and a data folder; ``service`` runs datasets on them."""

    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock()
        self.clock.advance(30)
        self.history = FakeHistory(self.clock)
        self.folder = folder

    @asynccontextmanager
    async def service(self) -> AsyncIterator[DatasetService]:
        service = DatasetService(data_dir=self.folder, markets=self.history, clock=self.clock)
        await service.start()
        try:
            yield service
        finally:
            await service.stop()


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(history_download, "PAUSE_S", 0)
    monkeypatch.setattr(history_download, "BACK_OFF_S", (0, 0, 0))
    return World(tmp_path)


def request(minutes: int | None = 10_000, instrument_id: str = "BTC.FAKE") -> DownloadRequest:
    return DownloadRequest(
        connection_id="fake",
        instrument_id=instrument_id,
        timeframe=Timeframe.M1,
        start_ms=FIRST_MS,
        end_ms=None if minutes is None else FIRST_MS + 60_000 * minutes,
    )


async def ended(service: DatasetService, dataset_id: str) -> Dataset:
    async def state() -> Dataset | None:
        dataset = await service.get(dataset_id)
        assert dataset.download is not None
        return dataset if dataset.download.state not in {DownloadState.QUEUED, DownloadState.RUNNING} else None

    return await until(state, timeout_s=20, what="the download ends")


async def stored(service: DatasetService, dataset_id: str, rows: int) -> None:
    async def enough() -> bool:
        return (await service.get(dataset_id)).rows >= rows

    await until(enough, timeout_s=20, what=f"{rows} rows are stored")


def minutes_of(service: DatasetService, dataset_id: str) -> list[int]:
    minutes: list[int] = ((service.catalogue.read_bars(dataset_id).time_ms - FIRST_MS) // 60_000).tolist()
    return minutes


async def test_pages_join_without_gap_or_overlap(world: World) -> None:
    async with world.service() as service:
        begun = await service.download(request(3_500))
        assert begun.rows == 0
        dataset = await ended(service, begun.dataset_id)
        assert minutes_of(service, dataset.dataset_id) == list(range(3_500))
    assert dataset.download is not None
    assert (dataset.download.state, dataset.download.progress) == (DownloadState.COMPLETED, 1.0)
    assert dataset.checks is not None
    assert dataset.checks.gaps == 0
    assert [start for start, _ in world.history.asked[1:]] == [end for _, end in world.history.asked[:-1]]


async def test_the_bar_that_still_grows_is_never_stored(world: World) -> None:
    async with world.service() as service:
        dataset = await ended(service, (await service.download(request(None))).dataset_id)
        assert minutes_of(service, dataset.dataset_id) == list(range(10_000))


async def test_a_broker_that_closes_its_bars_late_ends_the_download_there(world: World) -> None:
    world.history.closes_after_ns = 5 * MINUTE_NS
    async with world.service() as service:
        dataset = await ended(service, (await service.download(request(None))).dataset_id)
        assert minutes_of(service, dataset.dataset_id) == list(range(9_996))
    assert dataset.download is not None
    assert dataset.download.end_ms == FIRST_MS + 9_996 * 60_000


async def test_holes_of_the_market_are_reported_and_empty_pages_are_no_end(world: World) -> None:
    world.history.absent = lambda time_ms: time_ms < FIRST_MS + 2_500 * 60_000
    async with world.service() as service:
        dataset = await ended(service, (await service.download(request(4_000))).dataset_id)
        assert minutes_of(service, dataset.dataset_id) == list(range(2_500, 4_000))


async def test_an_interval_without_any_bar_completes_empty(world: World) -> None:
    world.history.absent = lambda _: True
    async with world.service() as service:
        dataset = await ended(service, (await service.download(request(100))).dataset_id)
    assert (dataset.rows, dataset.checks) == (0, None)
    assert dataset.download is not None
    assert dataset.download.state is DownloadState.COMPLETED


async def test_a_page_is_asked_for_again_while_the_broker_is_slow(world: World) -> None:
    world.history.failures = [BrokerTimeout("no answer"), BrokerTimeout("no answer")]
    async with world.service() as service:
        dataset = await ended(service, (await service.download(request(10))).dataset_id)
        assert minutes_of(service, dataset.dataset_id) == list(range(10))


async def test_a_failure_is_recorded_and_the_same_request_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history_download, "PAGES_PER_PART", 1)
    async with world.service() as service:
        world.history.gate.clear()
        begun = await service.download(request(3_000))
        world.history.failures = [NotFound("the instrument is gone")]
        world.history.gate.set()
        failed = await ended(service, begun.dataset_id)
        assert failed.download is not None
        assert (failed.download.state, failed.download.error) == (DownloadState.FAILED, "the instrument is gone")
        again = await service.download(request(3_000))
        assert again.dataset_id == begun.dataset_id
        await ended(service, begun.dataset_id)
        assert minutes_of(service, begun.dataset_id) == list(range(3_000))


async def test_a_canceled_download_keeps_its_bars_and_continues_where_it_stopped(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history_download, "PAGES_PER_PART", 1)

    def stop_after_the_third_page(time_ms: int) -> bool:
        if time_ms == FIRST_MS + 2_000 * 60_000:
            world.history.gate.clear()
        return False

    world.history.absent = stop_after_the_third_page
    async with world.service() as service:
        begun = await service.download(request(5_000))
        await stored(service, begun.dataset_id, 3_000)
        canceled = await service.cancel_download(begun.dataset_id)
        assert canceled.download is not None
        assert (canceled.download.state, canceled.rows) == (DownloadState.CANCELED, 3_000)
        with pytest.raises(Conflict, match="is not being downloaded"):
            await service.cancel_download(begun.dataset_id)
        world.history.absent = lambda _: False
        world.history.asked.clear()
        world.history.gate.set()
        assert (await service.download(request(5_000))).dataset_id == begun.dataset_id
        await ended(service, begun.dataset_id)
        assert minutes_of(service, begun.dataset_id) == list(range(5_000))
    assert world.history.asked[0][0] == (FIRST_MS + 3_000 * 60_000) * 1_000_000


async def test_a_restart_goes_on_by_itself(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history_download, "PAGES_PER_PART", 1)
    async with world.service() as service:
        begun = await service.download(request(2_000))
        await stored(service, begun.dataset_id, 1_000)
        world.history.gate.clear()
    left = service.catalogue.get(begun.dataset_id)
    assert left.download is not None
    if left.rows < 2_000:
        assert left.download.state is DownloadState.RUNNING
    world.history.gate.set()
    async with world.service() as service:
        await ended(service, begun.dataset_id)
        assert minutes_of(service, begun.dataset_id) == list(range(2_000))


async def test_asking_twice_while_it_runs_is_one_download(world: World) -> None:
    world.history.gate.clear()
    async with world.service() as service:
        first, second = await service.download(request()), await service.download(request())
        assert first.dataset_id == second.dataset_id
        assert len(await service.list()) == 1
        assert (await service.delete(first.dataset_id)).dataset_id == first.dataset_id
        assert await service.list() == []


async def test_a_completed_download_stays_as_it_is_and_the_next_is_another(world: World) -> None:
    async with world.service() as service:
        first = await ended(service, (await service.download(request(10))).dataset_id)
        second = await ended(service, (await service.download(request(10))).dataset_id)
        assert first.dataset_id != second.dataset_id
        assert first.sha256 == second.sha256


async def test_what_cannot_be_downloaded_is_refused_at_once(world: World) -> None:
    async with world.service() as service:
        with pytest.raises(NotFound):
            await service.download(request(10, "UNKNOWN.FAKE"))
        with pytest.raises(InvalidRequest, match="leaves no closed bar"):
            await service.download(request(0))
        with pytest.raises(Unsupported):
            await service.download(
                DownloadRequest(
                    connection_id="fake", instrument_id="BTC.FAKE", timeframe=Timeframe.S1, start_ms=FIRST_MS
                )
            )
        with pytest.raises(InvalidRequest, match="bars ago"):
            await service.download(
                DownloadRequest(connection_id="fake", instrument_id="BTC.FAKE", timeframe=Timeframe.M1, start_ms=0)
            )
        assert await service.list() == []
