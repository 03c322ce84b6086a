"""Limits, cursors and time windows of the list endpoints."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, unquote

from edgerunner.simulators.bybit import codes

DAY_MS: Final = 24 * 3600 * 1000
WEEK_MS: Final = 7 * DAY_MS
_CURSOR_PREFIX: Final = "page_args="


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeWindow:
    """A window of milliseconds, both ends included."""

    start_ms: int
    end_ms: int


def parse_limit(params: Mapping[str, str], *, default: int, maximum: int) -> int:
    """Return ``limit``; raise 10001 when it is no number of 1..maximum."""
    limit = parse_integer(params, "limit")
    if limit is None:
        return default
    if not 1 <= limit <= maximum:
        raise codes.parameter_error(f"params error: limit must be 1 to {maximum}")
    return limit


def parse_integer(params: Mapping[str, str], name: str) -> int | None:
    """Return an integer parameter, None when absent; raise 10001 when it is no plain number."""
    text = params.get(name, "")
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 16:
        raise codes.parameter_error(f"params error: {name} invalid")
    return int(text)


def encode_cursor(position: int) -> str:
    """Return a cursor in the (already percent-encoded) form that Bybit uses."""
    return quote(f"{_CURSOR_PREFIX}{position}&", safe="")


def decode_cursor(params: Mapping[str, str]) -> int | None:
    """Return the position of ``cursor``, None when absent; clients send it encoded once or twice."""
    text = params.get("cursor", "")
    if not text:
        return None
    number = unquote(text).removeprefix(_CURSOR_PREFIX).removesuffix("&")
    if not number.isascii() or not number.isdigit() or len(number) > 18:
        raise codes.parameter_error("params error: cursor invalid")
    return int(number)


def parse_window(
    params: Mapping[str, str], now_ms: int, *, longest_ms: int = WEEK_MS, default_ms: int = WEEK_MS
) -> TimeWindow:
    """Return the asked-for window under Bybit's rule: one end given, the other follows; at most 7 days."""
    start, end = parse_integer(params, "startTime"), parse_integer(params, "endTime")
    match start, end:
        case None, None:
            return TimeWindow(start_ms=now_ms - default_ms, end_ms=now_ms)
        case int(), None:
            return TimeWindow(start_ms=start, end_ms=start + longest_ms)
        case None, int():
            return TimeWindow(start_ms=end - longest_ms, end_ms=end)
        case int(), int():
            if end < start or end - start > longest_ms:
                raise codes.parameter_error("The time range between startTime and endTime cannot exceed 7 days")
            return TimeWindow(start_ms=start, end_ms=end)
    raise AssertionError("unreachable")
