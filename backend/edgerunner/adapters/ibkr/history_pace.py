"""TWS's limits on questions for history, kept before they are broken: a violation (162) costs minutes. Pure.

Source: the TWS API's page on historical data limitations: at most 60 requests in ten minutes, no identical ones within
15 seconds, fewer than six for the same contract, exchange and kind of data within two seconds.
"""

from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Final

MOST: Final = 58
WITHIN_S: Final = 600.0
SAME_MOST: Final = 5
SAME_WITHIN_S: Final = 2.0
IDENTICAL_S: Final = 15.0
_MARGIN_S: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A request as the limits see it: ``market`` is contract, exchange and kind of data."""

    market: Hashable
    identity: Hashable


class HistoryPace:
    """When the next request may be sent, by a monotonic clock in seconds."""

    def __init__(self) -> None:
        self._sent: deque[tuple[float, Question]] = deque()

    def delay_s(self, question: Question, now_s: float) -> float:
        """Return how long a question has to wait; 0 = it may be sent, and must be noted as sent."""
        while self._sent and self._sent[0][0] <= now_s - WITHIN_S:
            self._sent.popleft()
        same = [at for at, sent in self._sent if sent.market == question.market]
        identical = [at for at, sent in self._sent if sent.identity == question.identity]
        free = [0.0]
        if len(self._sent) >= MOST:
            free.append(self._sent[-MOST][0] + WITHIN_S + _MARGIN_S)
        if len(same) >= SAME_MOST:
            free.append(same[-SAME_MOST] + SAME_WITHIN_S + _MARGIN_S)
        if identical:
            free.append(identical[-1] + IDENTICAL_S + _MARGIN_S)
        return max(0.0, max(free) - now_s)

    def note(self, question: Question, now_s: float) -> None:
        """Count a question as sent."""
        self._sent.append((now_s, question))
