"""What somebody is told without asking."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from edgerunner.services.alert_rules import AlertRules
from edgerunner.services.alert_service import AlertService
from edgerunner.services.connection_service import ConnectionView
from tests.fakes.broker import FakeBroker, Lost, flat_position
from tests.fakes.order_path import INSTRUMENT_ID, order_path
from tests.waiting import until


class _NoConnections:
    """Connections that never change."""

    def add_listener(self, listener: Callable[[ConnectionView], None]) -> Callable[[], None]:
        return lambda: None


def _codes(alerts: AlertService) -> list[str]:
    return [alert.code for alert in alerts.recent()]


async def test_unknown_outcome_is_told(tmp_path: Path) -> None:
    broker = FakeBroker()
    async with order_path(tmp_path, broker) as path:
        alerts = AlertService(clock=path.clock)
        AlertRules(alerts).follow(path.journal, _NoConnections())
        broker.script("place", Lost(arrives=False))
        await path.place(client_order_id="A")
        assert _codes(alerts) == ["outcome_unknown"]
        assert "A" in alerts.recent()[0].text


async def test_position_that_no_fill_explains_is_told_and_the_opening_is_not(tmp_path: Path) -> None:
    broker = FakeBroker()
    held = replace(flat_position("1", INSTRUMENT_ID), quantity=Decimal(2), average_price=Decimal(100), ts_event_ns=1)
    broker.set_position(held)
    async with order_path(tmp_path, broker) as path:
        alerts = AlertService(clock=path.clock)
        AlertRules(alerts).follow(path.journal, _NoConnections())
        assert path.journal.positions()[0].quantity == 2
        with broker.unseen():
            broker.set_position(replace(held, quantity=Decimal(5)))
        broker.link_down()
        broker.link_up()
        await until(lambda: _has_alert(alerts), timeout_s=5, what="an alert")
        assert _codes(alerts) == ["position_adjusted"]


async def _has_alert(alerts: AlertService) -> bool:
    return bool(alerts.recent())
