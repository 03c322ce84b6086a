"""Which column of a file is which: names people use, and an error where two could be meant."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from edgerunner.storage.market_files.byte_source import ByteSource


class Kind(StrEnum):
    """What a file or dataset holds."""

    BARS = "bars"
    TICKS = "ticks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """The columns of a file by our names.

    Attributes:
        by_field: Our name of each column that is used -> its name in the file.
        clock: Name of a second column that holds the time of day, or None.
        ignored: Names in the file that are not used.
    """

    kind: Kind
    by_field: dict[str, str]
    clock: str | None
    ignored: tuple[str, ...]


_PRICES = {
    "open": ("open", "o", "open_price", "openprice"),
    "high": ("high", "h", "high_price", "highprice"),
    "low": ("low", "l", "low_price", "lowprice"),
    "close": ("close", "c", "close_price", "closeprice"),
}
_VOLUMES = ("volume", "vol", "v", "tickvol", "tick_volume", "base_volume")
_ALIASES: dict[Kind, dict[str, tuple[str, ...]]] = {
    Kind.BARS: {**_PRICES, "volume": _VOLUMES, "spread": ("spread",)},
    Kind.TICKS: {
        "bid": ("bid", "bid_price", "bidprice"),
        "ask": ("ask", "ask_price", "askprice"),
        "bid_size": ("bid_size", "bidsize", "bid_volume", "bidvolume", "bid_qty"),
        "ask_size": ("ask_size", "asksize", "ask_volume", "askvolume", "ask_qty"),
        "price": ("price", "px"),
        "size": ("size", "qty", "quantity", *_VOLUMES),
    },
}
_DAY = ("date", "day")
_TIMES = (
    *("time", "time_ms", "timestamp", "timestamp_ms", "timestamp_us", "timestamp_ns", "datetime", "date_time"),
    *("open_time", "opentime", "start", "start_time", "starttime", "start_at", "ts", "epoch", "unix", "unix_time"),
)
_INDEX = ("__index_level_0__", "index")
"""What a frame's index is called on its way out when it has no name."""

_REQUIRED = {Kind.BARS: ("open", "high", "low", "close")}


def recognised(names: Sequence[str], source: ByteSource) -> Columns:
    """Return which column is which; raises ``BadData`` for missing, repeated and ambiguous names."""
    by_plain = _plain_names(names, source)
    kind = _kind(by_plain)
    found = {field: _only(aliases, by_plain, field, source) for field, aliases in _ALIASES[kind].items()}
    by_field = {field: name for field, name in found.items() if name is not None}
    if "bid" in by_field and "price" not in by_field:
        by_field.pop("size", None)  # the size of trades that the file does not have
    _require(kind, by_field, names, source)
    time, clock = _time_columns(by_plain, names, source)
    used = {*by_field.values(), time, clock}
    return Columns(
        kind=kind,
        by_field={"time": time, **by_field},
        clock=clock,
        ignored=tuple(name for name in names if name not in used),
    )


def _plain_names(names: Sequence[str], source: ByteSource) -> dict[str, str]:
    by_plain: dict[str, str] = {}
    for name in names:
        key = re.sub(r"[\s.\-]+", "_", name.strip().strip("<>\"'").strip().lower())
        if key in by_plain:
            reason = f"the columns {by_plain[key]!r} and {name!r} have the same name"
            raise source.bad(reason, remedy="rename or take out one of them", code="ambiguous_column", field=key)
        by_plain[key] = name
    return by_plain


def _kind(by_plain: dict[str, str]) -> Kind:
    shown = [field for field, aliases in _PRICES.items() if any(alias in by_plain for alias in aliases)]
    return Kind.BARS if shown or not {"bid", "ask", "price"} & set(by_plain) else Kind.TICKS


def _only(aliases: Sequence[str], by_plain: dict[str, str], field: str, source: ByteSource) -> str | None:
    names = [by_plain[alias] for alias in aliases if alias in by_plain]
    if {"tickvol", "vol"} <= set(by_plain) and field == "volume":
        names = [by_plain["tickvol"]]  # MetaTrader 5 writes both; real volume is 0 for currencies
    if len(names) > 1:
        shown = " and ".join(repr(name) for name in names)
        reason = f"both {shown} could be meant"
        raise source.bad(reason, remedy="rename or take out one of them", code="ambiguous_column", field=field)
    return names[0] if names else None


def _time_columns(by_plain: dict[str, str], names: Sequence[str], source: ByteSource) -> tuple[str, str | None]:
    day = next((by_plain[name] for name in _DAY if name in by_plain), None)
    if day is not None and "time" in by_plain:
        return day, by_plain["time"]
    candidates = [by_plain[name] for name in (*_DAY, *_TIMES) if name in by_plain]
    candidates = candidates or [by_plain[name] for name in _INDEX if name in by_plain]
    if len(candidates) > 1:
        shown = " and ".join(repr(name) for name in candidates)
        reason = f"both {shown} could be meant"
        raise source.bad(reason, remedy="rename or take out one of them", code="ambiguous_column", field="time")
    if not candidates:
        raise _missing(("time",), names, source)
    return candidates[0], None


def _require(kind: Kind, by_field: dict[str, str], names: Sequence[str], source: ByteSource) -> None:
    required = _REQUIRED.get(kind) or (("bid", "ask") if "price" not in by_field else ("price", "size"))
    missing = tuple(field for field in required if field not in by_field)
    if missing:
        raise _missing(missing, names, source)


def _missing(fields: Sequence[str], names: Sequence[str], source: ByteSource) -> Exception:
    shown = ", ".join(repr(name) for name in list(names)[:12]) or "none"
    what = f"the column {fields[0]} is" if len(fields) == 1 else f"the columns {', '.join(fields)} are"
    return source.bad(
        f"{what} missing (there are: {shown})",
        remedy="name the columns time, open, high, low, close and volume, or time, bid and ask, with one delimiter",
        code="missing_column",
        field=fields[0],
    )
