"""Recorded prices played back from a file: bars, quotes or an order book, at any speed."""

import csv
import gzip
import io
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from edgerunner.simulators.path import STEP_NS
from edgerunner.simulators.sources import MarketProfile, Ohlc

MAX_ROWS = 3_000_000
_BAR_COLUMNS = {"time", "open", "high", "low", "close"}
_QUOTE_COLUMNS = {"time", "bid", "ask"}
_BOOK_COLUMNS = {"time", "symbol", "event", "side", "price", "size"}


class BadReplayFile(ValueError):
    """A file that cannot be replayed; the sentence names the row (the header is row 1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """Knots of a recorded price over time, milliseconds from the first one.

    ``asks`` is empty for bars, whose price moves straight from knot to knot; quotes jump. Of two knots of one time (a
    bar's end, the next one's open) the later holds.
    ``volumes`` is the volume traded up to each knot, in the file's unit.
    """

    times_ms: tuple[float, ...]
    prices: tuple[float, ...]
    asks: tuple[float, ...] = ()
    volumes: tuple[float, ...] = ()

    @property
    def is_quotes(self) -> bool:
        """Tell whether the knots are quotes."""
        return bool(self.asks)


def read_recording(file: Path, symbol: str) -> Recording:
    """Read bars (``time,open,high,low,close[,volume]``), quotes (``time,bid,ask``) or a book file, gzip or plain.

    ``time`` = UTC epoch milliseconds. A book file may hold several instruments: ``symbol`` selects one.
    Raises ``BadReplayFile`` naming the row, ``OSError`` when the file cannot be read.
    """
    raw = file.read_bytes()
    try:
        text = (gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw).decode()
    except (gzip.BadGzipFile, EOFError, UnicodeDecodeError) as error:
        raise BadReplayFile(f"{file.name} is neither text nor gzip of text: {error}") from error
    rows = csv.DictReader(io.StringIO(text))
    columns = set(rows.fieldnames or ())
    if columns >= _BAR_COLUMNS:
        recording = _read_bars(_numbered(rows))
    elif columns >= _QUOTE_COLUMNS:
        recording = _read_quotes(_numbered(rows))
    elif columns >= _BOOK_COLUMNS:
        recording = _read_book(_numbered(rows), symbol)
    else:
        raise BadReplayFile(f"row 1: no known header; need {', '.join(sorted(_BAR_COLUMNS))} or time, bid, ask")
    if not recording.times_ms:
        raise BadReplayFile(f"{file.name} holds no prices" + (f" of {symbol}" if columns >= _BOOK_COLUMNS else ""))
    return recording


class ReplaySource:
    """A recording that plays from a market step on; after its end the last price stands still."""

    def __init__(self, recording: Recording, profile: MarketProfile, *, start_step: int, speed: float) -> None:
        self._recording = recording
        self._profile = profile
        self._start = start_step
        self._ms_per_step = STEP_NS / 1e6 * speed
        self._origin = recording.times_ms[0]

    def points(self, step: int) -> tuple[int, ...]:
        """Return the knots passed in a step and the price at its end."""
        times = self._recording.times_ms
        start, end = bisect_right(times, self._at(step - 1)), bisect_left(times, self._at(step))
        knots = () if step <= self._start else self._recording.prices[start:end]
        return (*map(self._to_ticks, knots), self._price(step))

    def summary(self, first: int, last: int) -> Ohlc:
        """Return open, high, low, close of all points of these steps."""
        begin = self.points(first)
        times = self._recording.times_ms
        start, stop = bisect_right(times, self._at(first)), bisect_left(times, self._at(last - 1))
        steps = self._price(last - 1)
        inner = [self._to_ticks(price) for price in self._recording.prices[start:stop]]
        seen = [*begin, *inner, steps]
        return begin[0], max(seen), min(seen), steps

    def volume(self, first: int, last: int) -> int:
        """Return the lots of these steps: the file's volume, or one level's size per quote."""
        return self._traded(last) - self._traded(first)

    def quote(self, step: int) -> tuple[int, int] | None:
        """Return the recorded bid and ask of a file of quotes."""
        if not self._recording.is_quotes:
            return None
        knot = self._knot(step)
        bid = self._to_ticks(self._recording.prices[knot])
        return bid, max(bid + 1, self._to_ticks(self._recording.asks[knot]))

    def _at(self, step: int) -> float:
        return self._origin + max(0, step - self._start) * self._ms_per_step

    def _knot(self, step: int) -> int:
        return max(0, bisect_right(self._recording.times_ms, self._at(step)) - 1)

    def _price(self, step: int) -> int:
        recording, knot = self._recording, self._knot(step)
        price = recording.prices[knot]
        if recording.is_quotes or knot + 1 == len(recording.times_ms):
            return self._to_ticks(price)
        return self._to_ticks(price + self._part(step, knot) * (recording.prices[knot + 1] - price))

    def _traded(self, step: int) -> int:
        volumes, knot = self._recording.volumes, self._knot(step)
        if not volumes:
            return (knot + 1) * self._profile.level_lots
        volume = volumes[knot]
        if knot + 1 < len(volumes):
            volume += self._part(step, knot) * (volumes[knot + 1] - volume)
        return int(volume / self._profile.lot_step)

    def _part(self, step: int, knot: int) -> float:
        start, end = self._recording.times_ms[knot : knot + 2]
        return (self._at(step) - start) / (end - start)

    def _to_ticks(self, price: float) -> int:
        return max(1, round(price / self._profile.tick_size))


_Row = tuple[int, Mapping[str, str | None]]


def _numbered(rows: "csv.DictReader[str]") -> Iterator[_Row]:
    for number, row in enumerate(rows, start=2):
        if number > MAX_ROWS:
            raise BadReplayFile(f"row {number}: more than {MAX_ROWS} rows; cut the file")
        yield number, row


def _read_bars(rows: Iterator[_Row]) -> Recording:
    bars: list[tuple[float, float, float, float, float, float]] = []
    for number, row in rows:
        time, start, high, low, end = (_number(number, row, name) for name in ("time", "open", "high", "low", "close"))
        if not low <= min(start, end) <= max(start, end) <= high:
            raise BadReplayFile(f"row {number}: open {start:g} and close {end:g} do not lie in {low:g} to {high:g}")
        if low <= 0:
            raise BadReplayFile(f"row {number}: low {low:g} is not a positive price")
        if bars and time <= bars[-1][0]:
            raise BadReplayFile(f"row {number}: time {time:.0f} does not come after the row before")
        volume = _number(number, row, "volume") if row.get("volume") else 0.0
        bars.append((time, start, high, low, end, volume))
    return _knots(bars)


def _knots(bars: list[tuple[float, float, float, float, float, float]]) -> Recording:
    """Put five knots in each bar: open, the nearer extreme first, the other one, close; the close stands to the end.

    So the bars that a venue makes of the replay are the recorded ones, when it begins on their grid.
    """
    gaps = [later[0] - earlier[0] for earlier, later in pairwise(bars)]
    length = min(gaps, default=60_000.0)
    times: list[float] = []
    prices: list[float] = []
    volumes: list[float] = []
    traded = 0.0
    for time, start, high, low, end, volume in bars:
        extremes = (high, low) if high - start < start - low else (low, high)
        for part, price in zip((0, 0.33, 0.66, 0.99, 1), (start, *extremes, end, end), strict=True):
            times.append(time + part * length)
            prices.append(price)
            volumes.append(traded + min(part / 0.99, 1) * volume)
        traded += volume
    return Recording(times_ms=tuple(times), prices=tuple(prices), volumes=tuple(volumes))


def _read_quotes(rows: Iterator[_Row]) -> Recording:
    knots: list[tuple[float, float, float]] = []
    for number, row in rows:
        knot = (_number(number, row, "time"), _number(number, row, "bid"), _number(number, row, "ask"))
        if not 0 < knot[1] <= knot[2]:
            raise BadReplayFile(f"row {number}: bid {knot[1]:g} and ask {knot[2]:g} are no quote")
        if knots and knot[0] < knots[-1][0]:
            raise BadReplayFile(f"row {number}: time {knot[0]:.0f} lies before the row before")
        knots.append(knot)
    return _quote_recording(knots)


def _read_book(rows: Iterator[_Row], symbol: str) -> Recording:
    """Keep the best prices of one instrument's book; a knot wherever they change."""
    sides: dict[str, dict[float, float]] = {"buy": {}, "sell": {}}
    knots: list[tuple[float, float, float]] = []
    clock = 0.0
    names = {"buy": "buy", "bid": "buy", "b": "buy", "sell": "sell", "ask": "sell", "s": "sell", "a": "sell"}
    for number, row in rows:
        if row.get("event") == "trade" or row.get("symbol") != symbol:
            continue
        side = names.get((row.get("side") or "").lower())
        if side is None:
            raise BadReplayFile(f"row {number}: side {row.get('side')!r} is neither buy nor sell")
        price, size = _number(number, row, "price"), _number(number, row, "size")
        sides[side].pop(price, None)
        if size > 0 and row.get("event") != "delete":
            sides[side][price] = size
        clock = max(clock, _number(number, row, "time"))  # server times run backwards across topics
        if sides["buy"] and sides["sell"]:
            best = (max(sides["buy"]), min(sides["sell"]))
            if best[0] < best[1] and (not knots or knots[-1][1:] != best):
                knots.append((clock, *best))
    return _quote_recording(knots)


def _quote_recording(knots: list[tuple[float, float, float]]) -> Recording:
    times, bids, asks = zip(*knots, strict=True) if knots else ((), (), ())
    return Recording(times_ms=times, prices=bids, asks=asks)


def _number(row_number: int, row: Mapping[str, str | None], name: str) -> float:
    text = row.get(name)
    try:
        number = float(text or "")
    except ValueError:
        raise BadReplayFile(f"row {row_number}: {name} {text!r} is not a number") from None
    if not -1e300 < number < 1e300:
        raise BadReplayFile(f"row {row_number}: {name} {text!r} is not a finite number")
    return number
