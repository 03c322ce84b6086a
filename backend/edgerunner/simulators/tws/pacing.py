"""How fast clients may ask: the rules of TWS about messages a second and requests for history.

Sources: 50 messages a second with code 100, and the cut after repeated excess, are documented by Interactive Brokers;
so are 60 requests for history in ten minutes, identical ones within 15 s, six of one contract and kind within 2 s, and
BID_ASK counting twice. Bars above 30 s are exempt (documented as soft since 2020, and users see no refusals). That an
excess message is dropped and that the third second of excess ends the connection are guesses.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from edgerunner.simulators.tws import codes
from edgerunner.simulators.tws.wire.market_requests import (
    RequestHistoricalData,
    RequestHistoricalTicks,
    RequestRealTimeBars,
)
from edgerunner.simulators.tws.wire.session import NO_REQUEST, ErrorMessage

MESSAGES_A_SECOND: Final = 50
EXCESSES_BEFORE_THE_CUT: Final = 3
_HISTORY_WINDOW_S: Final = 600.0
_HISTORY_REQUESTS: Final = 60
_IDENTICAL_S: Final = 15.0
_BURST_S: Final = 2.0
_BURST_REQUESTS: Final = 6
_SMALL_BARS: Final = frozenset({"1 secs", "5 secs", "10 secs", "15 secs", "30 secs"})
_VIOLATION: Final = "Historical data request pacing violation"

HistoryRequest = RequestHistoricalData | RequestHistoricalTicks | RequestRealTimeBars


class PacingMode(StrEnum):
    """How strictly the rules are kept.

    ``tws``: as TWS does, history rules for bars up to 30 s, single ticks and real-time bars only; ``strict``: for all
    bars; ``lenient``: nothing is refused.
    """

    TWS = "tws"
    STRICT = "strict"
    LENIENT = "lenient"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether a request is taken, what its sender is told at once, and whether its connection is cut after that."""

    is_admitted: bool = True
    messages: tuple[ErrorMessage, ...] = ()
    is_cut: bool = False


ADMITTED: Final = Verdict()


class Pacing:
    """Counts what all clients of one gateway ask; ``monotonic_s`` is a clock that never jumps.

    Of a client that is too fast 50 messages a second pass, the others are dropped and it is told so once a second.
    """

    def __init__(self, mode: PacingMode, monotonic_s: Callable[[], float]) -> None:
        self._mode = mode
        self._monotonic_s = monotonic_s
        self._received: deque[float] = deque()
        self._admitted: deque[float] = deque()
        self._excesses: defaultdict[Hashable, list[float]] = defaultdict(list)
        self._history = _HistoryMeter()

    def admit(self, session: Hashable, request: object) -> Verdict:
        """Count one message of a client and judge it; ``request`` is the decoded message, or None for a broken one."""
        if self._mode is PacingMode.LENIENT:
            return ADMITTED
        now = self._monotonic_s()
        self._received.append(now)
        for times in (self._received, self._admitted):
            while times and times[0] <= now - 1:
                times.popleft()
        if len(self._admitted) >= MESSAGES_A_SECOND:
            return self._excess(session, now)
        self._admitted.append(now)
        if isinstance(request, HistoryRequest) and self._is_metered(request) and not self._history.admit(request, now):
            return Verdict(is_admitted=False, messages=(_violation(request),))
        return ADMITTED

    def forget(self, session: Hashable) -> None:
        """Forget a client whose connection has ended."""
        self._excesses.pop(session, None)

    def _excess(self, session: Hashable, now: float) -> Verdict:
        """Tell a client once a second that it is too fast."""
        told = self._excesses[session]
        if told and told[-1] > now - 1:
            return Verdict(is_admitted=False)
        told.append(now)
        received, count = len(self._received), len(told)
        text = f"Max rate of messages per second has been exceeded:max={MESSAGES_A_SECOND} rec={received} ({count})"
        error = ErrorMessage(request_id=NO_REQUEST, code=codes.TOO_FAST, text=text)
        return Verdict(is_admitted=False, messages=(error,), is_cut=count >= EXCESSES_BEFORE_THE_CUT)

    def _is_metered(self, request: HistoryRequest) -> bool:
        if self._mode is PacingMode.STRICT or not isinstance(request, RequestHistoricalData):
            return True
        return request.bar_size in _SMALL_BARS


class _HistoryMeter:
    """The requests for history of the last ten minutes."""

    def __init__(self) -> None:
        self._times: deque[float] = deque()
        self._identical: dict[Hashable, float] = {}
        self._of_kind: defaultdict[Hashable, deque[float]] = defaultdict(deque)

    def admit(self, request: HistoryRequest, now: float) -> bool:
        """Count a request; False when it breaks a rule (refused ones do not count)."""
        self._forget_before(now)
        exact, kind = _identity(request), _kind(request)
        weight = 2 if request.what_to_show == "BID_ASK" else 1
        if (
            exact in self._identical
            or len(self._of_kind[kind]) + weight > _BURST_REQUESTS - 1
            or len(self._times) + weight > _HISTORY_REQUESTS
        ):
            return False
        self._times.extend([now] * weight)
        self._of_kind[kind].extend([now] * weight)
        self._identical[exact] = now
        return True

    def _forget_before(self, now: float) -> None:
        while self._times and self._times[0] <= now - _HISTORY_WINDOW_S:
            self._times.popleft()
        self._identical = {key: asked for key, asked in self._identical.items() if asked > now - _IDENTICAL_S}
        for kind, times in list(self._of_kind.items()):
            while times and times[0] <= now - _BURST_S:
                times.popleft()
            if not times:
                del self._of_kind[kind]


def _identity(request: HistoryRequest) -> Hashable:
    """Return what makes two requests identical: everything but their ids."""
    return replace(request, request_id=0)


def _kind(request: HistoryRequest) -> Hashable:
    """Return contract, exchange and tick type."""
    return (request.contract, request.what_to_show)


def _violation(request: HistoryRequest) -> ErrorMessage:
    if isinstance(request, RequestRealTimeBars):
        text = f"Invalid Real-time Query:{_VIOLATION}"
        return ErrorMessage(request_id=request.request_id, code=codes.BAD_REAL_TIME_QUERY, text=text)
    return codes.history_error(_VIOLATION, request.request_id)
