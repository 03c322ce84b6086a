"""What TWS says about its own connections: to Interactive Brokers (1100...) and to the data farms (2103...). Pure.

The first decides whether orders can be told and heard, the second only what market data are worth: a farm that comes
and goes never touches the order session.
"""

from enum import Enum, auto
from typing import Final

_CUT: Final = frozenset({1100, 2110})
_RESTORED_WITHOUT_DATA: Final = 1101
_RESTORED: Final = 1102
_MARKET_FARM_BROKEN: Final = 2103
_DEFINITION_FARM_BROKEN: Final = 2157
_FARM_BROKEN: Final = frozenset({_MARKET_FARM_BROKEN, 2105, _DEFINITION_FARM_BROKEN})
_FARM_WORKS: Final = frozenset({2104, 2106, 2107, 2108, 2158})
"""2107 and 2108 are farms that sleep until they are needed."""
_COMPETING_SESSION: Final = 10197


class Change(Enum):
    """What a message changed."""

    NOTHING = auto()
    CUT = auto()
    RESTORED = auto()
    """Orders and fills may have been missed; subscriptions live on."""
    RESTORED_WITHOUT_DATA = auto()
    """The same, and every market data subscription is gone."""
    DATA = auto()


class Connectivity:
    """The state of one logged-on gateway's own connections.

    Attributes:
        cut_reason: Why Interactive Brokers cannot be reached, or None.
    """

    def __init__(self) -> None:
        self.cut_reason: str | None = None
        self._broken: dict[str, int] = {}
        self._competing: str | None = None

    def hear(self, code: int, text: str) -> Change:
        """Take a code in and tell what it changed."""
        if code in _CUT:
            was, self.cut_reason = self.cut_reason, f"TWS has lost Interactive Brokers ({code})"
            return Change.CUT if was is None else Change.NOTHING
        if code in {_RESTORED, _RESTORED_WITHOUT_DATA}:
            self.cut_reason = self._competing = None
            return Change.RESTORED if code == _RESTORED else Change.RESTORED_WITHOUT_DATA
        before = self.data_reason
        if code in _FARM_BROKEN:
            self._broken[_farm(text)] = code
        elif code in _FARM_WORKS:
            self._broken.pop(_farm(text), None)
            self._competing = None
        elif code == _COMPETING_SESSION:
            self._competing = text
        return Change.NOTHING if before == self.data_reason else Change.DATA

    @property
    def data_reason(self) -> str | None:
        """Why live prices cannot be trusted, or None."""
        broken = sorted(farm for farm, code in self._broken.items() if code == _MARKET_FARM_BROKEN)
        if broken:
            return f"market data farm {', '.join(broken)} is broken"
        return self._competing

    @property
    def knows_contracts(self) -> bool:
        """Tell whether "no such contract" can be believed: not at night, while definitions are away."""
        return self.cut_reason is None and _DEFINITION_FARM_BROKEN not in self._broken.values()


def _farm(text: str) -> str:
    """Return a farm's name: what follows the last colon of the notice."""
    return text.rpartition(":")[2].strip()
