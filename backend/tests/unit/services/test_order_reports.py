"""What a broker's report about an order means for us."""

from dataclasses import replace
from decimal import Decimal

import pytest

from edgerunner.adapters.broker import OrderReport
from edgerunner.domain.events import OrderEvent, OrderSubmitted
from edgerunner.domain.orders import BrokerWords, OrderStatus
from edgerunner.services.order_reports import events_from_report
from tests.fakes.events import ORDER_ID, initialized, order_after, terms


def report(status: OrderStatus) -> OrderReport:
    return OrderReport(
        client_order_id=ORDER_ID,
        venue_order_id="V1",
        account_id="1",
        terms=terms(),
        status=status,
        held=None,
        filled_quantity=Decimal(0),
        average_price=None,
        broker=BrokerWords(),
        ts_event_ns=1,
        created_at_ns=None,
    )


@pytest.mark.parametrize("status", [status for status in OrderStatus if status is not OrderStatus.DENIED])
def test_the_first_report_gives_the_order_its_brokers_id_whatever_else_it_says(status: OrderStatus) -> None:
    """Found by a crash: the answer to a placement was lost with the process, and the next news was the cancel."""
    order = order_after(initialized(), OrderSubmitted())
    after = order_after(*events_from_report(order, report(status), is_fresh=True), before=order)
    assert after.venue_order_id == "V1"


def test_a_known_order_is_not_named_again() -> None:
    order = order_after(initialized(), OrderSubmitted(), *_accepted())
    assert events_from_report(replace(order, venue_order_id="V1"), report(OrderStatus.FILLED), is_fresh=True) == []


def _accepted() -> list[OrderEvent]:
    order = order_after(initialized(), OrderSubmitted())
    return list(events_from_report(order, report(OrderStatus.ACCEPTED), is_fresh=False))
