"""Alerts are kept newest first, bounded, and told as they come."""

from edgerunner.services.alert_service import RECENT_LIMIT, Alert, AlertLevel, AlertService
from tests.fakes.clock import FakeClock


def test_alerts_are_told_to_listeners_and_kept_newest_first() -> None:
    clock = FakeClock()
    alerts, heard = AlertService(clock=clock), list[Alert]()
    stop = alerts.add_listener(heard.append)
    first = alerts.raise_alert(AlertLevel.WARNING, "position_differs", "the broker has 1 more", "bybit-sim")
    stop()
    clock.advance(1)
    second = alerts.raise_alert(AlertLevel.CRITICAL, "journal_unavailable", "the disk is full")
    assert heard == [first]
    assert alerts.recent() == [second, first]
    assert alerts.recent(1) == [second]
    assert (first.connection_id, second.connection_id) == ("bybit-sim", None)
    assert first.alert_id < second.alert_id


def test_only_the_newest_alerts_are_kept() -> None:
    alerts = AlertService(clock=FakeClock())
    for number in range(RECENT_LIMIT + 1):
        alerts.raise_alert(AlertLevel.INFO, "note", str(number))
    assert len(alerts.recent()) == RECENT_LIMIT
    assert alerts.recent()[-1].text == "1"
