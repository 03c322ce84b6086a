"""Alerts: what somebody should look at, newest kept in memory and told to listeners."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from itertools import count

import structlog

from edgerunner.domain.identifiers import ulid
from edgerunner.services.clock import Clock

_log = structlog.get_logger(__name__)

RECENT_LIMIT = 500


class AlertLevel(StrEnum):
    """How urgent an alert is."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alert; ``code`` is stable, ``text`` is a sentence, ``connection_id`` None = the installation.

    ``execution``: ``broker`` or ``local`` of the connection, None without one.
    """

    alert_id: str
    level: AlertLevel
    code: str
    text: str
    connection_id: str | None
    execution: str | None
    ts_ns: int


class AlertService:
    """Keeps the newest 500 alerts of this process; every one is in the log, too."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._numbers = count(1)
        self._recent: deque[Alert] = deque(maxlen=RECENT_LIMIT)
        self._listeners: list[Callable[[Alert], None]] = []
        self.execution_of: Callable[[str], str | None] = lambda _: None
        """Tells a connection's execution, so that alerts of paper accounts are marked."""

    def raise_alert(self, level: AlertLevel, code: str, text: str, connection_id: str | None = None) -> Alert:
        """Record an alert, log it and tell the listeners."""
        ts_ns = self._clock.now_ns()
        alert = Alert(
            alert_id=ulid(ts_ns // 1_000_000, next(self._numbers)),
            level=level,
            code=code,
            text=text,
            connection_id=connection_id,
            execution=None if connection_id is None else self.execution_of(connection_id),
            ts_ns=ts_ns,
        )
        _log.warning("alert", level=level.value, code=code, text=text, connection_id=connection_id)
        self._recent.append(alert)
        for listener in list(self._listeners):
            listener(alert)
        return alert

    def recent(self, limit: int = RECENT_LIMIT) -> list[Alert]:
        """Return the newest alerts, newest first."""
        return list(reversed(self._recent))[:limit]

    def add_listener(self, listener: Callable[[Alert], None]) -> Callable[[], None]:
        """Call ``listener`` on each new alert; returns how to stop that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)
