"""Datasets as lines for a person. Pure functions."""

from collections.abc import Iterator

from edgerunner.schemas.datasets import ChecksAnswer, DatasetAnswer
from edgerunner.schemas.scalars import format_time

_SHOWN = 5


def dataset_row(dataset: DatasetAnswer) -> str:
    """Return one dataset as a line."""
    length = f" {dataset.timeframe}" if dataset.timeframe else ""
    download = dataset.download
    state = "" if download is None or download.state == "completed" else f", download {download.state}"
    return (
        f"{dataset.dataset_id}  {dataset.instrument_id}{length} {dataset.kind}: {dataset.rows} rows"
        f"{_span(dataset)}{state}  ({dataset.name})"
    )


def dataset_lines(dataset: DatasetAnswer) -> Iterator[str]:
    """Yield one dataset with how it was read and what is odd about it."""
    yield dataset_row(dataset)
    yield from (f"    {note}" for note in dataset.notes)
    yield from (f"    {repaired.what}: {repaired.rows} rows" for repaired in dataset.repaired if repaired.rows)
    if dataset.download is not None and dataset.download.error is not None:
        yield f"    download failed: {dataset.download.error}"
    if dataset.checks is not None:
        yield from (f"    {line}" for line in _odd(dataset.checks, dataset.rows))


def _span(dataset: DatasetAnswer) -> str:
    if dataset.start is None or dataset.end is None:
        return ""
    return f" from {_minute(dataset.start)} to {_minute(dataset.end)}"


def _minute(ts_ns: int) -> str:
    return format_time(ts_ns)[:16].replace("T", " ") + " UTC"


def _odd(checks: ChecksAnswer, rows: int) -> Iterator[str]:
    if checks.calendar is not None:
        yield f"{checks.gaps} gaps, {checks.missing_bars} bars missing, {checks.breaks} breaks ({checks.calendar})"
    for gap in checks.longest_gaps[:_SHOWN]:
        yield f"  {gap.missing} missing between {_minute(gap.after)} and {_minute(gap.before)}"
    counts = {
        "bars off the timeframe's grid": checks.off_grid,
        "rows without volume": checks.zero_volume,
        "rows with a negative spread": checks.spread_negative,
        "rows without a spread": checks.spread_unknown or 0,
        "rows with the time of the one before": checks.same_time,
        "outliers": checks.outliers,
    }
    yield from (f"{count} of {rows} {what}" for what, count in counts.items() if count)
    for outlier in checks.largest_outliers[:_SHOWN]:
        yield f"  {outlier.reached} at {_minute(outlier.time)}, {100 * outlier.move:.1f} % from the close before"
