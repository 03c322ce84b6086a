"""Market data as NumPy columns, checked once on entry and never mended.

Rows are counted from 1, as a person counts the lines below a file's header.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edgerunner.domain.errors import FieldError, InvalidRequest

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]

Scalar = TypeVar("Scalar", bound=np.generic)

PRICES = ("open", "high", "low", "close")

_EPOCH_SECONDS = (500_000_000, 5_000_000_000)
"""Seconds of the years 1985 to 2128; as milliseconds they would all be days of early 1970."""


class BadData(InvalidRequest):
    """Market data that cannot be used; nothing was stored or run.

    Attributes:
        field: The column, or None when the whole input is meant.
        row: Number of the first wrong row from 1, or None.
        remedy: What to do about it.
    """

    def __init__(
        self, reason: str, *, remedy: str, source: str, code: str, field: str | None = None, row: int | None = None
    ) -> None:
        place = [] if row is None else [f"row {row}"]
        where = ", ".join(place if field is None else [*place, f"column {field}"])
        message = f"{where}: {reason}; {remedy}" if where else f"{reason}; {remedy}"
        super().__init__(f"{source}: {message}.", FieldError(field=field or "data", code=code, message=message))
        self.field = field
        self.row = row
        self.remedy = remedy


@dataclass(frozen=True, slots=True, kw_only=True)
class BarColumns:
    """Bars, oldest first: read-only arrays of equal length, ``time_ms`` strictly increasing.

    ``time_ms`` is each bar's opening in UTC epoch milliseconds; ``spread`` is ask minus bid at its
    close in price units, NaN where unknown. Made by ``bar_columns``, which checks.
    """

    time_ms: Integers
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    spread: Floats | None = None

    def __len__(self) -> int:
        return len(self.time_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class TickColumns:
    """Quotes or trades, oldest first: read-only arrays of equal length, ``time_ms`` never decreasing.

    Quotes have ``bid`` and ``ask`` (sizes where known), trades have ``price`` and ``size``; what the
    source does not have is None. Made by ``tick_columns``, which checks.
    """

    time_ms: Integers
    bid: Floats | None = None
    ask: Floats | None = None
    bid_size: Floats | None = None
    ask_size: Floats | None = None
    price: Floats | None = None
    size: Floats | None = None

    def __len__(self) -> int:
        return len(self.time_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One kind of wrongness and the rows that have it."""

    field: str
    code: str
    reason: str
    remedy: str
    rows: Mask

    def raised(self, source: str) -> BadData:
        """Return the error that names the first wrong row and how many there are."""
        count = int(np.count_nonzero(self.rows))
        reason = self.reason if count == 1 else f"{self.reason} (so are {count} rows in all)"
        row = int(np.argmax(self.rows)) + 1
        return BadData(reason, remedy=self.remedy, source=source, code=self.code, field=self.field, row=row)


def bar_columns(mapping: Mapping[str, ArrayLike], *, source: str) -> BarColumns:
    """Return checked bars of the arrays ``time open high low close volume`` and, if there, ``spread``.

    ``time`` (or ``time_ms``) is the opening in UTC epoch milliseconds, or NumPy ``datetime64`` in UTC.
    Other keys are left alone. ``source`` names the data in errors. Raises ``BadData`` for a missing
    column, unequal lengths, no rows, text, NaN or infinity, a price of 0 or less, a high below or a
    low above another price, a negative volume, and times that do not increase.
    """
    bars = unchecked_bars(mapping, source=source)
    for fault in bar_faults(bars):
        raise fault.raised(source)
    return bars


def tick_columns(mapping: Mapping[str, ArrayLike], *, source: str) -> TickColumns:
    """Return checked ticks: ``time`` with ``bid ask`` (``bid_size ask_size``), or with ``price size``.

    Raises ``BadData`` as ``bar_columns`` does; times may repeat, a bid above its ask is refused.
    """
    ticks = unchecked_ticks(mapping, source=source)
    for fault in tick_faults(ticks):
        raise fault.raised(source)
    return ticks


def unchecked_bars(mapping: Mapping[str, ArrayLike], *, source: str) -> BarColumns:
    """Return bars of which only names, kinds and lengths are checked; see ``bar_faults``."""
    time_ms = _times(mapping, source)
    columns = {name: _numbers(mapping, name, source) for name in (*PRICES, "volume")}
    spread = _numbers(mapping, "spread", source) if "spread" in mapping else None
    _require_equal_length(time_ms, columns | ({} if spread is None else {"spread": spread}), source)
    return BarColumns(time_ms=time_ms, spread=spread, **columns)


def unchecked_ticks(mapping: Mapping[str, ArrayLike], *, source: str) -> TickColumns:
    """Return ticks of which only names, kinds and lengths are checked; see ``tick_faults``."""
    time_ms = _times(mapping, source)
    names = _tick_names(mapping, source)
    columns = {name: _numbers(mapping, name, source) for name in names}
    _require_equal_length(time_ms, columns, source)
    return TickColumns(time_ms=time_ms, **columns)


def bar_faults(bars: BarColumns) -> Iterator[Fault]:
    """Yield each kind of fault that ``bars`` have, with all rows that have it."""
    columns = {"open": bars.open, "high": bars.high, "low": bars.low, "close": bars.close}
    faults = [
        *(_price_faults(name, values) for name, values in columns.items()),
        [_out_of_range(bars, "high", np.fmax(bars.open, np.fmax(bars.low, bars.close)) > bars.high)],
        [_out_of_range(bars, "low", np.fmin(bars.open, bars.close) < bars.low)],
        _size_faults("volume", bars.volume),
        [] if bars.spread is None else [_infinite("spread", bars.spread)],
        [_time_unit(bars.time_ms), *_order_faults(bars.time_ms)],
    ]
    yield from (fault for group in faults for fault in group if fault.rows.any())


def tick_faults(ticks: TickColumns) -> Iterator[Fault]:
    """Yield each kind of fault that ``ticks`` have, with all rows that have it."""
    prices = {"bid": ticks.bid, "ask": ticks.ask, "price": ticks.price}
    sizes = {"bid_size": ticks.bid_size, "ask_size": ticks.ask_size, "size": ticks.size}
    faults = [_price_faults(name, values) for name, values in prices.items() if values is not None]
    faults += [_size_faults(name, values) for name, values in sizes.items() if values is not None]
    if ticks.bid is not None and ticks.ask is not None:
        faults.append([_crossed(ticks.bid > ticks.ask)])
    faults.append([_time_unit(ticks.time_ms), _unsorted(ticks.time_ms)])
    yield from (fault for group in faults for fault in group if fault.rows.any())


def _times(mapping: Mapping[str, ArrayLike], source: str) -> Integers:
    name = "time_ms" if "time_ms" in mapping else "time"
    values = _column(mapping, name, source)
    match values.dtype.kind:
        case "M":
            return _frozen(_from_datetimes(values, name, source))
        case "f":
            return _frozen(_from_floats(values.astype(np.float64, copy=False), name, source))
        case "i" | "u":
            return _frozen(values.astype(np.int64, copy=False))
        case _:
            raise _not_numbers(name, source, "times", "give UTC epoch milliseconds or datetime64")


def _from_datetimes(values: NDArray[np.generic], name: str, source: str) -> Integers:
    missing = np.isnat(values.astype("datetime64", copy=False))
    if missing.any():
        remedy = "fill it in or drop the row"
        raise Fault(field=name, code="missing", reason="is no time", remedy=remedy, rows=missing).raised(source)
    return values.astype("datetime64[ms]").astype(np.int64)


def _from_floats(values: Floats, name: str, source: str) -> Integers:
    with np.errstate(invalid="ignore"):
        broken = ~np.isfinite(values) | (np.abs(values) >= 2.0**53) | (np.trunc(values) != values)
    if broken.any():
        remedy = "give whole UTC epoch milliseconds"
        raise Fault(field=name, code="time", reason="is no whole number", remedy=remedy, rows=broken).raised(source)
    return values.astype(np.int64)


def _numbers(mapping: Mapping[str, ArrayLike], name: str, source: str) -> Floats:
    values = _column(mapping, name, source)
    if values.dtype.kind not in "iuf":
        raise _not_numbers(name, source, "numbers", "convert the column before")
    return _frozen(np.ascontiguousarray(values, dtype=np.float64))


def _column(mapping: Mapping[str, ArrayLike], name: str, source: str) -> NDArray[np.generic]:
    if name not in mapping:
        there = ", ".join(mapping) or "none"
        raise BadData(
            f"the column {name} is missing (there are: {there})",
            remedy=f"name one of them {name}",
            source=source,
            code="missing_column",
            field=name,
        )
    values: NDArray[np.generic] = np.asarray(mapping[name])
    if values.ndim != 1:
        reason = f"has {values.ndim} dimensions"
        raise BadData(reason, remedy="give one number per row", source=source, code="shape", field=name)
    if len(values) == 0:
        raise BadData("there are no rows", remedy="give at least one", source=source, code="empty", field=name)
    return values


def _tick_names(mapping: Mapping[str, ArrayLike], source: str) -> list[str]:
    pairs = [pair for pair in (("bid", "ask"), ("price", "size")) if pair[0] in mapping or pair[1] in mapping]
    if not pairs:
        there = ", ".join(mapping) or "none"
        raise BadData(
            f"there are neither quotes nor trades (columns: {there})",
            remedy="name the columns bid and ask, or price and size",
            source=source,
            code="missing_column",
            field="bid",
        )
    names = [name for pair in pairs for name in pair]
    return names + [name for name in ("bid_size", "ask_size") if "bid" in names and name in mapping]


def _require_equal_length(time_ms: Integers, columns: Mapping[str, Floats], source: str) -> None:
    for name, values in columns.items():
        if len(values) != len(time_ms):
            raise BadData(
                f"has {len(values)} rows and time has {len(time_ms)}",
                remedy="give columns of equal length",
                source=source,
                code="length",
                field=name,
            )


def _not_numbers(name: str, source: str, wanted: str, remedy: str) -> BadData:
    return BadData(f"holds no {wanted}", remedy=remedy, source=source, code="type", field=name)


def _not_finite(name: str, values: Floats, remedy: str) -> Fault:
    reason = "is empty or no finite number"
    return Fault(field=name, code="not_finite", reason=reason, remedy=remedy, rows=~np.isfinite(values))


def _price_faults(name: str, values: Floats) -> list[Fault]:
    remedy = "fill in the true price or drop the row"
    return [
        _not_finite(name, values, remedy),
        Fault(field=name, code="not_positive", reason="is not above 0", remedy=remedy, rows=values <= 0),
    ]


def _size_faults(name: str, values: Floats) -> list[Fault]:
    remedy = "write 0 where it is unknown"
    return [
        _not_finite(name, values, remedy),
        Fault(field=name, code="negative", reason="is below 0", remedy=remedy, rows=values < 0),
    ]


def _infinite(name: str, values: Floats) -> Fault:
    remedy = "leave it empty (NaN) where it is unknown"
    return Fault(field=name, code="not_finite", reason="is infinite", remedy=remedy, rows=np.isinf(values))


def _out_of_range(bars: BarColumns, field: str, rows: Mask) -> Fault:
    reason = f"is {'below' if field == 'high' else 'above'} another price of the bar"
    if rows.any():
        row = int(np.argmax(rows))
        reason += f" (open {bars.open[row]:.12g}, high {bars.high[row]:.12g}, low {bars.low[row]:.12g}, "
        reason += f"close {bars.close[row]:.12g})"
    remedy = "check that the columns are not mixed up, correct or drop the row"
    return Fault(field=field, code="range", reason=reason, remedy=remedy, rows=rows)


def _crossed(rows: Mask) -> Fault:
    remedy = "check that bid and ask are not mixed up, correct or drop the row"
    return Fault(field="bid", code="crossed", reason="is above the ask", remedy=remedy, rows=rows)


def _order_faults(time_ms: Integers) -> list[Fault]:
    repeated = np.zeros(len(time_ms), dtype=np.bool_)
    repeated[1:] = time_ms[1:] == time_ms[:-1]
    return [
        Fault(
            field="time",
            code="duplicate",
            reason="is the time of the row before",
            remedy="keep one of the two rows",
            rows=repeated,
        ),
        _unsorted(time_ms),
    ]


def _unsorted(time_ms: Integers) -> Fault:
    rows = np.zeros(len(time_ms), dtype=np.bool_)
    rows[1:] = time_ms[1:] < time_ms[:-1]
    remedy = "sort the rows by time, oldest first, and look why they overlap"
    return Fault(field="time", code="unsorted", reason="is earlier than the row before", remedy=remedy, rows=rows)


def _time_unit(time_ms: Integers) -> Fault:
    rows = np.zeros(len(time_ms), dtype=np.bool_)
    rows[0] = _EPOCH_SECONDS[0] <= time_ms[0] < _EPOCH_SECONDS[1]
    remedy = "give milliseconds: multiply by 1000"
    return Fault(field="time", code="time_unit", reason="looks like epoch seconds", remedy=remedy, rows=rows)


def _frozen(values: NDArray[Scalar]) -> NDArray[Scalar]:
    view = values.view()
    view.flags.writeable = False
    return view
