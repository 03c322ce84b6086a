"""From a request to a job: the class, the instrument and the data are found, or the wrong field is named."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from edgerunner.backtest.config import TimedRate
from edgerunner.backtest_worker.messages import DatasetSource, FileSource, Job
from edgerunner.domain.errors import BrokerTimeout, EdgerunnerError, FieldError, InvalidRequest, NotFound
from edgerunner.domain.instruments import Instrument, Product
from edgerunner.domain.market import Bar, Timeframe
from edgerunner.risk.limits import RiskLimits
from edgerunner.services.backtest_process import RunLimits
from edgerunner.services.clock import Clock
from edgerunner.services.history_download import BARS_PER_PAGE, columns_of_bars
from edgerunner.services.market_service import MarketService
from edgerunner.services.strategies.class_catalogue import ClassCatalogue
from edgerunner.storage.catalogue import Catalogue
from edgerunner.storage.dataset_parts import write_part
from edgerunner.storage.datasets import Dataset, DownloadState
from edgerunner.storage.market_files.column_names import Kind
from edgerunner.strategies.parameters import ParameterValue

NS_PER_MS = 1_000_000
DEFAULT_BARS = 5_000
"""Bars of a connection's history when no ``start`` is given."""
MOST_BARS = 200_000
"""Bars of a connection's history in one run; longer ones are downloaded as a dataset first."""
PAGE_TIMEOUT_S = 60.0

_UNDER_WAY = frozenset({DownloadState.QUEUED, DownloadState.RUNNING})


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestRequest:
    """A run as a caller wants it; None = not given. Exactly one of ``dataset_id`` and ``connection_id`` is given.

    Attributes:
        strategy: A shipped class, or ``<file>.<class>`` of the user's folder.
        start_ns: First bar's earliest opening, UTC nanoseconds; ``end_ns`` is past the last one's.
        initial_cash: In the instrument's settlement currency.
        maker: Fee as a fraction of notional, as ``taker``.
        slippage: Fraction of the price.
        spread: ``none``, ``mid`` or ``bid``.
        fill: ``next_open`` or ``same_close``.
        limits: What orders are refused for before they reach the market.
        funding: Settlements of a perpetual, oldest first.
    """

    strategy: str
    parameters: Mapping[str, ParameterValue]
    instrument_id: str
    timeframe: Timeframe
    start_ns: int | None = None
    end_ns: int | None = None
    dataset_id: str | None = None
    connection_id: str | None = None
    initial_cash: Decimal
    maker: Decimal = Decimal(0)
    taker: Decimal = Decimal(0)
    slippage: Decimal = Decimal(0)
    spread: str = "none"
    fill: str = "next_open"
    limits: RiskLimits = RiskLimits()  # noqa: RUF009 - a frozen value
    funding: tuple[TimedRate, ...] = ()
    seed: int = 0


class BacktestJobs:
    """Makes jobs of requests."""

    def __init__(
        self,
        *,
        classes: ClassCatalogue,
        catalogue: Catalogue,
        datasets: Path,
        markets: MarketService,
        clock: Clock,
        limits: RunLimits,
    ) -> None:
        """``datasets`` is the folder of ``catalogue``, for the process that runs the job."""
        self._classes = classes
        self._catalogue = catalogue
        self._datasets = datasets
        self._markets = markets
        self._clock = clock
        self._limits = limits

    async def check(self, request: BacktestRequest) -> None:
        """Raise ``InvalidRequest`` that names the wrong field, ``NotConnected``, ``Unsupported``."""
        if request.start_ns is not None and request.end_ns is not None and request.start_ns >= request.end_ns:
            raise InvalidRequest.of("end", "before_start", "must be later than start")
        instrument = await self._instrument(request)
        if request.funding and instrument is not None and instrument.product is not Product.PERPETUAL:
            text = f"{request.instrument_id} has no funding: only perpetual contracts have"
            raise InvalidRequest.of("funding", "not_allowed", text)
        if request.connection_id is not None:
            self._interval(request)
        try:
            await self._classes.checked(self._classes.source(request.strategy), request.parameters)
        except InvalidRequest as error:
            raise _renamed(error, {"class": "strategy"}) from error

    async def job(self, request: BacktestRequest, output: Path) -> Job:
        """Fetch the history of a connection where that is the source, and return the job."""
        instrument = await self._instrument(request)
        return Job(
            strategy=self._classes.source(request.strategy),
            parameters=dict(request.parameters),
            instrument_id=request.instrument_id,
            instrument=instrument,
            timeframe=request.timeframe,
            data=await self._data(request, output),
            start_ms=None if request.start_ns is None else -(-request.start_ns // NS_PER_MS),
            end_ms=None if request.end_ns is None else -(-request.end_ns // NS_PER_MS),
            initial_cash=request.initial_cash,
            maker=request.maker,
            taker=request.taker,
            slippage=request.slippage,
            spread=request.spread,
            fill=request.fill,
            limits=request.limits,
            funding=request.funding,
            seed=request.seed,
            output=str(output),
            memory_bytes=self._limits.memory_bytes,
        )

    async def _instrument(self, request: BacktestRequest) -> Instrument | None:
        """Return the terms as the connection knows them; None for a dataset whose connection is not there."""
        if request.connection_id is not None:
            return await self._known_instrument(request.connection_id, request.instrument_id)
        dataset = await self._dataset(request)
        if dataset.origin.connection_id is None:
            return None
        try:
            return await self._known_instrument(dataset.origin.connection_id, request.instrument_id)
        except EdgerunnerError:  # the dataset outlives its connection
            return None

    async def _known_instrument(self, connection_id: str, instrument_id: str) -> Instrument:
        try:
            (instrument,) = await self._markets.instruments(connection_id, instrument_id=instrument_id)
        except NotFound as error:
            field = "instrument_id" if instrument_id in error.detail else "data.connection_id"
            raise InvalidRequest.of(field, "unknown", error.detail) from error
        return instrument

    async def _dataset(self, request: BacktestRequest) -> Dataset:
        """Return the dataset of a request that fits what is asked for."""
        try:
            dataset = await asyncio.to_thread(self._catalogue.get, request.dataset_id or "")
        except NotFound as error:
            raise InvalidRequest.of("data.dataset_id", "unknown", error.detail) from error
        if dataset.download is not None and dataset.download.state in _UNDER_WAY:
            raise InvalidRequest.of("data.dataset_id", "incomplete", "is being downloaded; wait until that is done")
        if not dataset.parts:
            raise InvalidRequest.of("data.dataset_id", "empty", "the dataset has no rows yet")
        if dataset.instrument_id != request.instrument_id:
            raise InvalidRequest.of("instrument_id", "other_instrument", f"the dataset is of {dataset.instrument_id}")
        if dataset.kind is not Kind.BARS:
            raise InvalidRequest.of("data.dataset_id", "kind", "holds ticks; this version runs over bars")
        if dataset.timeframe is not None and dataset.timeframe != request.timeframe:
            raise InvalidRequest.of("timeframe", "other_timeframe", f"the dataset's is {dataset.timeframe}")
        return dataset

    async def _data(self, request: BacktestRequest, output: Path) -> DatasetSource | FileSource:
        if request.dataset_id is not None:
            return DatasetSource(folder=str(self._datasets), dataset_id=request.dataset_id)
        bars = await self._history(request)
        if not bars:
            raise InvalidRequest.of("start", "no_data", "the connection has no complete bar between start and end")
        columns = columns_of_bars(bars, source=request.instrument_id)
        part = await asyncio.to_thread(write_part, output, "bars.parquet", columns)
        return FileSource(path=str(output / part.file))

    async def _history(self, request: BacktestRequest) -> list[Bar]:
        """Return a connection's complete bars of the interval, fetched in windows that join without overlap."""
        start_ns, end_ns = self._interval(request)
        step_ns = BARS_PER_PAGE * request.timeframe.length_ns
        bars: list[Bar] = []
        for page_ns in range(start_ns, end_ns, step_ns):
            page = await self._page(request, page_ns, min(page_ns + step_ns, end_ns))
            bars += [bar for bar in page if bar.is_complete and (not bars or bar.open_ns > bars[-1].open_ns)]
        return bars

    async def _page(self, request: BacktestRequest, start_ns: int, end_ns: int) -> Sequence[Bar]:
        try:
            async with asyncio.timeout(PAGE_TIMEOUT_S):
                return await self._markets.ohlc(
                    request.connection_id or "",
                    request.instrument_id,
                    request.timeframe,
                    start_ns=start_ns,
                    end_ns=end_ns,
                    limit=BARS_PER_PAGE,
                )
        except TimeoutError as error:
            raise BrokerTimeout(f"{request.connection_id} gave no bars within {PAGE_TIMEOUT_S:.0f} s") from error

    def _interval(self, request: BacktestRequest) -> tuple[int, int]:
        length_ns = request.timeframe.length_ns
        end_ns = self._clock.now_ns() if request.end_ns is None else request.end_ns
        start_ns = end_ns - DEFAULT_BARS * length_ns if request.start_ns is None else request.start_ns
        if end_ns - start_ns > MOST_BARS * length_ns:
            text = f"at most {MOST_BARS} bars at once; download a longer history as a dataset first"
            raise InvalidRequest.of("start", "too_long", text)
        return start_ns, end_ns


def _renamed(error: InvalidRequest, names: Mapping[str, str]) -> InvalidRequest:
    errors = [
        FieldError(field=names.get(one.field, one.field), code=one.code, message=one.message) for one in error.errors
    ]
    return InvalidRequest("; ".join(f"{one.field}: {one.message}" for one in errors), *errors)
