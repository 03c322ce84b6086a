"""Which kind of market data a client gets: by what it asked for, what the user has subscribed to, and the hour.

Sources: users' reports (live data are given whenever there are any, whatever was asked for) and recordings (354, 10089,
10167 after the data type, 10168). Which of 1 and 3 a snapshot of a closed market carries is a guess.
"""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from edgerunner.simulators.tws import codes
from edgerunner.simulators.tws.wire.session import ErrorMessage

_NEEDS_MORE = (
    "Requested market data requires additional subscription for API. "
    "See link in 'Market Data Connections' dialog for more details."
)


class DataRights(StrEnum):
    """What the user's account may see: everything live, everything 15 minutes late, or nothing."""

    LIVE = "live"
    DELAYED = "delayed"
    NONE = "none"


class DataType(IntEnum):
    """Kinds of market data as TWS numbers them."""

    LIVE = 1
    FROZEN = 2
    DELAYED = 3
    DELAYED_FROZEN = 4

    @property
    def is_delayed(self) -> bool:
        """Tell whether it is 15 minutes old."""
        return self in {DataType.DELAYED, DataType.DELAYED_FROZEN}

    @property
    def is_frozen(self) -> bool:
        """Tell whether it is what was shown last before the close."""
        return self in {DataType.FROZEN, DataType.DELAYED_FROZEN}


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketDataSettings:
    """What the simulated user's account may see, and how much of it at once (over all clients).

    Attributes:
        lines: Different contracts with ticks (100 is what every account has).
        depths: Different contracts with an order book (3 at least at TWS).
        single_ticks: Streams of single ticks (5 with 100 lines, as users report).
        histories: Histories that are kept up to date.
    """

    rights: DataRights = DataRights.LIVE
    lines: int = 100
    depths: int = 3
    single_ticks: int = 5
    histories: int = 50


def granted(asked: DataType, rights: DataRights, *, is_open: bool) -> DataType | None:
    """Return the kind of data that a client gets, None when it gets none."""
    wants_frozen = asked.is_frozen and not is_open
    if rights is DataRights.LIVE:
        return DataType.FROZEN if wants_frozen else DataType.LIVE
    if rights is DataRights.DELAYED and asked.is_delayed:
        return DataType.DELAYED_FROZEN if wants_frozen else DataType.DELAYED
    return None


def refusal(asked: DataType, rights: DataRights, request_id: int) -> ErrorMessage:
    """Return why a client gets no data."""
    if asked.is_delayed:
        text = "Requested market data is not subscribed. Delayed market data is not enabled."
        return ErrorMessage(request_id=request_id, code=codes.DELAYED_DISABLED, text=text)
    has_delayed = " Delayed market data is available." if rights is DataRights.DELAYED else ""
    text = f"Requested market data is not subscribed.{has_delayed}"
    return ErrorMessage(request_id=request_id, code=codes.NOT_SUBSCRIBED, text=text)


def delayed_notice(request_id: int) -> ErrorMessage:
    """Return the warning before delayed data."""
    text = "Requested market data is not subscribed. Displaying delayed market data."
    return ErrorMessage(request_id=request_id, code=codes.DELAYED_SHOWN, text=text)


def needs_subscription(request_id: int, code: int = codes.NEEDS_SUBSCRIPTION, *, before: str = "") -> ErrorMessage:
    """Return the refusal of data that are there live only; ``before`` stands in front of the common sentence."""
    return ErrorMessage(request_id=request_id, code=code, text=f"{before}{_NEEDS_MORE}")
