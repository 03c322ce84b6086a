"""When somebody should be told: what the journal and the connections say that is not routine."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Protocol

from edgerunner.domain.events import OrderFilled, OrderOutcomeUnknown, PositionAdjusted, RecordedEvent
from edgerunner.domain.numbers import to_plain
from edgerunner.services.alert_service import AlertLevel, AlertService
from edgerunner.services.connection_service import ConnectionView
from edgerunner.services.reconciliation import OPENING
from edgerunner.storage.journal import Commit, Journal


class WatchedConnections(Protocol):
    """Connections whose changes are heard."""

    def add_listener(self, listener: Callable[[ConnectionView], None]) -> Callable[[], None]:
        """Call ``listener`` on each change; returns how to stop that."""
        ...


class AlertRules:
    """Raises alerts from what was committed and from the health of connections."""

    def __init__(self, alerts: AlertService) -> None:
        self._alerts = alerts
        self._flagged: set[str] = set()
        self._was_up: dict[str, bool] = {}

    def follow(self, journal: Journal, connections: WatchedConnections) -> Callable[[], None]:
        """Begin to listen; returns how to stop."""
        stack = ExitStack()
        stack.callback(journal.add_listener(self._on_commit))
        stack.callback(connections.add_listener(self._on_connection))
        return stack.close

    def _on_commit(self, commit: Commit) -> None:
        for recorded in commit.records:
            self._on_event(recorded)
        for order in commit.orders:
            if order.needs_operator is None:
                self._flagged.discard(order.client_order_id)
            elif order.client_order_id not in self._flagged:
                self._flagged.add(order.client_order_id)
                text = f"Order {order.client_order_id} needs a look: {order.needs_operator}."
                self._alerts.raise_alert(AlertLevel.CRITICAL, "order_needs_operator", text, order.connection_id)

    def _on_event(self, recorded: RecordedEvent) -> None:
        event = recorded.event
        match event.body:
            case PositionAdjusted() as adjusted if adjusted.reason != OPENING:
                text = f"{adjusted.instrument_id} was set to {to_plain(adjusted.quantity)}: {adjusted.reason}."
                self._alerts.raise_alert(AlertLevel.WARNING, "position_adjusted", text, event.connection_id)
            case OrderOutcomeUnknown(reason=reason):
                text = f"The outcome of order {event.client_order_id} is unknown ({reason}); the broker is being asked."
                self._alerts.raise_alert(AlertLevel.WARNING, "outcome_unknown", text, event.connection_id)
            case OrderFilled(derived=True) as fill:
                text = (
                    f"A fill of order {event.client_order_id} ({to_plain(fill.quantity)}) was inferred "
                    "from its totals: the broker does not list the execution."
                )
                self._alerts.raise_alert(AlertLevel.WARNING, "fill_derived", text, event.connection_id)
            case _:  # an order's own mark is seen in the order
                pass

    def _on_connection(self, view: ConnectionView) -> None:
        if view.status in {"connecting", "reconciling"}:
            return
        is_up = view.status == "connected"
        was_up = self._was_up.get(view.connection_id)
        self._was_up[view.connection_id] = is_up
        if is_up and was_up is False:
            self._alerts.raise_alert(
                AlertLevel.INFO, "connection_restored", f"{view.connection_id} is connected again.", view.connection_id
            )
        elif not is_up and was_up is not False:
            reason = f": {view.last_error.detail}" if view.last_error else ""
            self._alerts.raise_alert(
                AlertLevel.WARNING,
                "connection_lost",
                f"{view.connection_id} is {view.status}{reason}.",
                view.connection_id,
            )
