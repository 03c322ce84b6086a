"""Counts how often links to brokers go down and come up again, by kinds of reasons."""

from collections.abc import Sequence
from typing import Final

from edgerunner.adapters.broker import LinkHealth, LinkStatus
from edgerunner.metrics import CONNECTION_LOSSES, CONNECTION_RECONNECTS
from edgerunner.services.connection_service import ConnectionView

_KINDS: Final[Sequence[tuple[str, tuple[str, ...]]]] = (
    ("re_read", ("re-read", "read again", "dated anew", "dropped", "too slow")),
    ("silence", ("silent", "did not answer", "no answer", "timed out", "time-out", "timeout", "within")),
    ("refused", ("refused", "log-in", "logged in", "password", "key", "unauthorized", "forbidden")),
    ("unreachable", ("not reached", "no route", "unreachable", "cannot be reached", "no server", "resolve")),
    ("restarted", ("started again", "restart", "not_answering", "connecting")),
    ("broken_off", ("broke", "reset", "closed", "ended", "lost", "eof", "gone", "disconnected")),
)
"""Kinds of reasons and words that tell them, in the order in which they are looked for."""


def reason_kind(reason: str | None) -> str:
    """Return one of seven words for a reason in any words, so that nobody's text becomes a label."""
    text = (reason or "").lower()
    return next((kind for kind, words in _KINDS if any(word in text for word in words)), "other")


class ConnectionMeter:
    """Hears every change of a connection."""

    def __init__(self) -> None:
        self._was_up: dict[tuple[str, str], bool] = {}

    def on_connection(self, view: ConnectionView) -> None:
        """Count what changed since the last time."""
        for health in (view.orders, view.data):
            self._note(view.connection_id, health)

    def _note(self, connection_id: str, health: LinkHealth) -> None:
        if health.status is LinkStatus.CONNECTING:
            return
        is_up = health.status is not LinkStatus.DOWN
        was_up = self._was_up.get((connection_id, health.link))
        self._was_up[connection_id, health.link] = is_up
        if is_up and was_up is False:
            CONNECTION_RECONNECTS.labels(connection_id, health.link).inc()
        elif was_up and not is_up:
            CONNECTION_LOSSES.labels(connection_id, health.link, reason_kind(health.reason)).inc()
