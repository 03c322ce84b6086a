"""The distribution of day returns as the rectangles of an SVG picture."""

from dataclasses import dataclass

from edgerunner.backtest.metrics import DayReturns, Distribution
from edgerunner.backtest.report.cells import percent

WIDTH, HEIGHT = 640, 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One rectangle, in units of the picture, with its sentence."""

    x: float
    y: float
    width: float
    height: float
    is_gain: bool
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """The picture: columns, where zero is (None outside), labels of both ends, and all of it in words."""

    columns: tuple[Column, ...]
    zero_x: float | None
    lowest: str
    highest: str
    most: int
    text: str


def histogram(found: Distribution, returns: DayReturns) -> Histogram:
    """Return the picture of a distribution."""
    edges, most = found.edges.tolist(), int(found.counts.max())
    span = edges[-1] - edges[0]
    days, gains = len(returns.returns), int((returns.returns > 0).sum())
    losses = int((returns.returns < 0).sum())
    still = days - gains - losses
    zeros = f" {still:,} of exactly zero are not drawn." if still else ""
    worst, best = percent(float(returns.returns.min())), percent(float(returns.returns.max()))
    return Histogram(
        columns=tuple(
            _column(low, high, count, most=most, start=edges[0], span=span)
            for low, high, count in zip(edges, edges[1:], found.counts.tolist(), strict=False)
        ),
        zero_x=-edges[0] / span * WIDTH if edges[0] < 0 < edges[-1] else None,
        lowest=percent(edges[0]),
        highest=percent(edges[-1]),
        most=most,
        text=f"{days:,} day returns from {worst} to {best}: {gains:,} above zero, {losses:,} below.{zeros}",
    )


def _column(low: float, high: float, count: int, *, most: int, start: float, span: float) -> Column:
    height = count / most * HEIGHT
    return Column(
        x=round((low - start) / span * WIDTH + 0.5, 2),
        y=round(HEIGHT - height, 2),
        width=round((high - low) / span * WIDTH - 1.0, 2),
        height=round(height, 2),
        is_gain=low >= 0,
        text=f"{percent(low)} to {percent(high)}: {count} days",
    )
