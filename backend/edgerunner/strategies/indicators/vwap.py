"""The volume-weighted average price of a session."""

from collections.abc import Mapping

from edgerunner.strategies.indicators.decimal_window import DecimalWindow
from edgerunner.strategies.indicators.indicator import Indicator, JsonValue, State, whole_number

DAY_NS = 86_400_000_000_000
MINUTE_NS = 60_000_000_000


class Vwap(Indicator):
    """Volume-weighted average price since the session began: sum of price * volume / sum of volume.

    The sums are exact in prices and volumes as printed (see ``decimal_window``). A session is one day that begins
    ``session_start_minute`` minutes after midnight UTC; the first trade of the next one starts afresh. None while the
    session has no volume. Which price stands for a bar is the caller's choice, commonly (high + low + close) / 3.

    Attributes:
        period: 1; the sums reach back to the session's begin.
    """

    __slots__ = ("_money", "_price", "_session", "_start_ns", "_volume", "_volumes")

    def __init__(self, session_start_minute: int = 0) -> None:
        """Begin sessions at this minute of the day (0 to 1439, UTC); raises ValueError otherwise."""
        super().__init__(1)
        if not 0 <= session_start_minute < 1440:
            raise ValueError(f"a session starts at a minute from 0 to 1439, not {session_start_minute}")
        self._start_ns = session_start_minute * MINUTE_NS
        self._session: int | None = None
        self._price, self._volume = DecimalWindow(1), DecimalWindow(1)
        self._money = self._volumes = 0

    def update(self, price: float, volume: float, *, time_ns: int) -> float | None:
        """Take in ``volume`` (>= 0) traded at ``price`` and return the session's average; ``time_ns`` is UTC."""
        if volume < 0:
            raise ValueError(f"a volume is not negative: {volume}")
        session = (time_ns - self._start_ns) // DAY_NS
        if session != self._session:
            self.reset()
            self._session = session
        price_growth = self._price.push(price)
        volume_growth = self._volume.push(volume)
        self._money = self._money * price_growth * volume_growth + self._price.newest * self._volume.newest
        self._volumes = self._volumes * volume_growth + self._volume.newest
        return self._settle()

    def _settle(self) -> float | None:
        self.value = self._money / (self._volumes * self._price.unit) if self._volumes else None
        return self.value

    def reset(self) -> None:
        """Forget the session."""
        self.value = self._session = None
        self._price, self._volume = DecimalWindow(1), DecimalWindow(1)
        self._money = self._volumes = 0

    def memory(self) -> State:
        """Return the session's sums: integers as text, because JSON readers keep 53 bits only."""
        return {
            "session": self._session,
            "money": str(self._money),
            "volumes": str(self._volumes),
            "price_places": self._price.places,
            "volume_places": self._volume.places,
        }

    def recall(self, memory: Mapping[str, JsonValue]) -> None:
        """Take over the sums of a session."""
        self._session = None if memory.get("session") is None else whole_number(memory, "session")
        self._price.grow(whole_number(memory, "price_places"))
        self._volume.grow(whole_number(memory, "volume_places"))
        self._money, self._volumes = int(str(memory.get("money"))), int(str(memory.get("volumes")))
        self._settle()
