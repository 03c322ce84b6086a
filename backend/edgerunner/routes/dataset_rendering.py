"""Datasets as models of the wire. Pure functions."""

from decimal import Decimal

from edgerunner.schemas.datasets import (
    ChecksAnswer,
    DatasetAnswer,
    DownloadAnswer,
    GapAnswer,
    OriginAnswer,
    OutlierAnswer,
    RepairedAnswer,
)
from edgerunner.storage.datasets import Dataset, Download
from edgerunner.storage.inspection import Inspection

_NS_PER_MS = 1_000_000


def dataset_answer(dataset: Dataset) -> DatasetAnswer:
    """Render a dataset."""
    origin = dataset.origin
    return DatasetAnswer(
        dataset_id=dataset.dataset_id,
        name=dataset.name,
        kind=dataset.kind.value,
        instrument_id=dataset.instrument_id,
        timeframe=dataset.timeframe,
        source=OriginAnswer(
            file=origin.file,
            format=origin.format,
            sha256=origin.sha256,
            bytes=origin.bytes,
            connection_id=origin.connection_id,
        ),
        timezone=dataset.timezone,
        columns=list(dataset.columns),
        rows=dataset.rows,
        start=_time(dataset.start_ms),
        end=_time(dataset.end_ms),
        sha256=dataset.sha256,
        notes=list(dataset.notes),
        repaired=[RepairedAnswer(what=what, rows=rows) for what, rows in sorted(dataset.repaired.items())],
        checks=None if dataset.checks is None else _checks(dataset.checks),
        download=None if dataset.download is None else _download(dataset.download),
        created_at=dataset.created_ms * _NS_PER_MS,
    )


def _time(time_ms: int | None) -> int | None:
    return None if time_ms is None else time_ms * _NS_PER_MS


def _checks(seen: Inspection) -> ChecksAnswer:
    return ChecksAnswer(
        calendar=None if seen.calendar is None else seen.calendar.value,
        gaps=seen.gaps,
        missing_bars=seen.missing_bars,
        longest_gaps=[
            GapAnswer(after=gap.after_ms * _NS_PER_MS, before=gap.before_ms * _NS_PER_MS, missing=gap.missing)
            for gap in seen.longest_gaps
        ],
        breaks=seen.breaks,
        off_grid=seen.off_grid,
        zero_volume=seen.zero_volume,
        spread_negative=seen.spread_negative,
        spread_unknown=seen.spread_unknown,
        outliers=seen.outliers,
        largest_outliers=[
            OutlierAnswer(
                time=outlier.time_ms * _NS_PER_MS,
                reached=Decimal(repr(outlier.reached)),
                move=Decimal(f"{outlier.move:.6f}"),
            )
            for outlier in seen.largest_outliers
        ],
        same_time=seen.same_time,
    )


def _download(download: Download) -> DownloadAnswer:
    return DownloadAnswer(
        state=download.state.value,
        progress=round(download.progress, 6),
        start=download.start_ms * _NS_PER_MS,
        end=download.end_ms * _NS_PER_MS,
        error=download.error,
    )
