"""The newest closed bars of one instrument and time frame: nothing newer can be reached."""

from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice

from edgerunner.strategies.errors import LookAheadError
from edgerunner.strategies.market_data import Bar


class BarHistory:
    """Closed bars, oldest first, at most ``length`` of them.

    ``history[-1]`` is the newest closed bar, ``history[0]`` the oldest that is kept. Any other index raises
    ``LookAheadError`` (an ``IndexError``), which names what was asked for. ``append`` is for the host only.
    """

    __slots__ = ("_bars", "append")

    append: Callable[[Bar], None]

    def __init__(self, length: int = 1000) -> None:
        self._bars: deque[Bar] = deque(maxlen=length)
        self.append = self._bars.append

    def __len__(self) -> int:
        return len(self._bars)

    def __iter__(self) -> Iterator[Bar]:
        return iter(tuple(self._bars))

    def __getitem__(self, index: int) -> Bar:
        try:
            return self._bars[index]
        except IndexError:
            raise self._beyond(index) from None

    def closes(self, count: int) -> list[float]:
        """Return the newest ``count`` closes, oldest first; raises ``LookAheadError`` when fewer bars closed."""
        return [bar.close for bar in self.newest(count)]

    def highs(self, count: int) -> list[float]:
        """Return the newest ``count`` highs, oldest first; raises ``LookAheadError`` when fewer bars closed."""
        return [bar.high for bar in self.newest(count)]

    def lows(self, count: int) -> list[float]:
        """Return the newest ``count`` lows, oldest first; raises ``LookAheadError`` when fewer bars closed."""
        return [bar.low for bar in self.newest(count)]

    def newest(self, count: int) -> list[Bar]:
        """Return the newest ``count`` bars, oldest first; raises ``LookAheadError`` when fewer bars closed."""
        kept = len(self._bars)
        if not 0 <= count <= kept:
            raise LookAheadError(f"{count} bars were asked for and {kept} closed bars are kept; check len() first")
        return list(islice(self._bars, kept - count, kept))

    def _beyond(self, index: int) -> LookAheadError:
        kept = len(self._bars)
        if index >= 0:
            return LookAheadError(f"bar {index} has not closed: {kept} closed bars are kept, the newest is [-1]")
        return LookAheadError(f"bar {index} is not kept: {kept} closed bars are; check len() or raise history_length")
